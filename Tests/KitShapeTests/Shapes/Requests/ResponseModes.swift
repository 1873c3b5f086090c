// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Signed responses to authorization requests (JWT Secured Authorization Response Mode).
struct SignedResponses: Plugin {
    static let manifest = PluginManifest(id: "signed-responses", summary: "signed responses", specification: "JARM")

    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: SignedMode(host: host, name: "query.jwt", delivery: .query))
        registry.add(later: SignedMode(host: host, name: "fragment.jwt", delivery: .fragment))
    }
}

struct SignedMode: ResponseMode {
    let host: any LaterHost
    let name: String
    let delivery: Delivery

    func carry(_ answer: AuthorizationAnswer) async throws -> AnswerCarrier {
        var claims = JSON.object(answer.members)
        claims["iss"] = .string(host.issuer)
        claims["aud"] = .string(answer.client.id)
        claims["exp"] = .integer((answer.issuedAt + .seconds(600)).seconds)
        let token = try await host.keys.sign(claims, type: "JWT", algorithm: nil)
        let response = [(name: "response", value: token)]
        return delivery == .query ? .query(response) : .fragment(response)
    }
}

/// A response as a message to the page that opened the window (OAuth 2.0 Web Message Response Mode).
struct WebMessage: Plugin, ResponseMode {
    static let manifest = PluginManifest(
        id: "web-message", summary: "responses to the page that opened the window",
        specification: "draft-sakimura-oauth-wmrm")
    static let script = Asset(name: "web-message.js", type: "text/javascript", bytes: Array("post()".utf8))

    let name = "web_message"
    let delivery = Delivery.fragment

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(later: WebMessage.script)
        registry.add(later: self)
    }

    func carry(_ answer: AuthorizationAnswer) async throws -> AnswerCarrier {
        // Only the page of the registered origin gets the message.
        let origin = try WebAddress(answer.redirectURI).origin
        let page = Page("web-message", ["target": .string(origin), "message": .object(answer.members)])
        return .page(page, assets: [WebMessage.script.name])
    }
}
