// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// Derives from a token, and then changes what was derived.
private struct WideningGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "widening", summary: "", specification: "")

    let declaration = GrantDeclaration("widening", client: .confidential)
    let parameters = [ParameterDeclaration("token", required: true), ParameterDeclaration("change")]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) { registry.add(grant: self) }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        guard let token = try await host.tokens.resolve(request.parameters.required("token")) else {
            throw OAuthError(.invalidRequest)
        }
        var derived = try await host.access.derive(from: token, for: request, audience: ["api"])
        let limits = derived.limits
        let change = request.parameters["change"]
        if change == "scope" {
            derived.limits = AccessLimits(scope: ["read", "admin"], audience: ["api"], mayRefresh: false)
        }
        if change == "audience" {
            derived.limits = AccessLimits(
                scope: limits.scope, audience: [], notAfter: limits.notAfter, mayRefresh: false)
        }
        if change == "end" {
            derived.limits = AccessLimits(scope: limits.scope, audience: limits.audience, mayRefresh: false)
        }
        if change == "refresh" {
            derived.limits = AccessLimits(
                scope: limits.scope, audience: limits.audience, notAfter: limits.notAfter, mayRefresh: true)
        }
        if change == "subject" { derived.subject = .user("bob") }
        if change == "grant" { derived.grantID = nil }
        if change == "session" { derived.sessionID = nil }
        if change == "epoch" { derived.epoch = nil }
        if change == "narrower" { derived.limits.keep { $0 == "read" } }
        return derived
    }
}

@Suite("What a grant derives from a token stays as narrow as the token", .timeLimit(.minutes(10)))
struct DerivationTests {
    private func ask(_ change: String) async throws -> (TestServer, Answer) {
        let client = ExchangeServer.client("web", nil, ["grant_types": ["visit", "refresh_token", "widening"]])
        let server = try await TestServer(
            ExchangeServer.plugins(besides: [PluginSetup(WideningGrant.self)]), clients: [client],
            users: [ExchangeServer.ann])
        let token = await server.visit([("person", "ann"), ("session", "s-1")])["access_token"] ?? ""
        let answer = await server.post(
            "/auth/token", [("grant_type", "widening"), ("token", token), ("change", change)],
            as: ("web", ExchangeServer.secret("web")))
        return (server, answer)
    }

    @Test("what a grant narrows is issued", arguments: ["none", "narrower"])
    func narrower(_ change: String) async throws {
        let (server, answer) = try await ask(change)
        #expect(answer.status == 200 && answer["refresh_token"] == nil, "\(answer.json) \(server.log.lines)")
    }

    @Test(
        "what a grant widens, or keeps alive, is a mistake of its plugin",
        arguments: ["scope", "audience", "end", "refresh", "subject", "grant", "session", "epoch"])
    func wider(_ change: String) async throws {
        let (server, answer) = try await ask(change)
        #expect(answer.error == "server_error" && answer["access_token"] == nil, "\(answer.json)")
        #expect(
            server.log.lines.contains { $0.contains("changed what it has derived") && $0.contains("plugin=widening") })
    }
}
