// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("A 'scope' without a value counts as omitted", .timeLimit(.minutes(10)))
struct EmptyScopeTests {
    private static let client: JSON = [
        "id": "house", "secret": .string(Demo.secret), "first_party": true, "scope": .strings(Demo.scope),
        "grant_types": ["authorization_code", "client_credentials", "implicit", "password", "refresh_token"],
        "auth": [
            "authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": true],
            "implicit": ["redirect_uri": .string(Demo.callback)],
        ],
    ]

    private func server() async throws -> (TestServer, Generation) {
        let server = try await Demo.server(Plugins.discouraged, clients: [Self.client])
        return (server, try #require(server.core.generation))
    }

    // MARK: the token endpoint

    private func post(_ form: [(String, String)], _ server: TestServer, asJSON isJSON: Bool = false) async -> Answer {
        guard isJSON else { return await server.post("/auth/token", form, as: ("house", Demo.secret)) }
        let json = JSON.object(form.map { JSON.Member($0.0, .string($0.1)) })
        return await server.send(
            "POST", "/auth/token",
            headers: [("content-type", "application/json"), ("authorization", Form.basic("house", Demo.secret))],
            body: Array(json.text.utf8))
    }

    /// A valid request of a grant, without 'scope'.
    private func form(_ wire: String, _ server: TestServer) async throws -> [(String, String)] {
        let grant = [("grant_type", wire)]
        switch wire {
        case "client_credentials": return grant
        case "password": return grant + [("username", "ann"), ("password", Demo.password)]
        case "authorization_code":
            let code = try #require(await server.code([("scope", "openid profile read")]).query["code"])
            return grant + [("code", code), ("redirect_uri", Demo.callback), ("code_verifier", Demo.verifier)]
        case "refresh_token":
            let tokens = await post(try await self.form("authorization_code", server), server)
            let token = try #require(tokens["refresh_token"])
            return grant + [("refresh_token", token)]
        default: throw OAuthError(.unsupportedGrantType, "add a valid request of '\(wire)' to this test")
        }
    }

    @Test("by every grant, in a form and in JSON")
    func grants() async throws {
        let (server, generation) = try await server()
        #expect(generation.tokenGrants.count >= 4)
        for wire in generation.tokenGrants.map(\.declaration.wire) {
            let form = try await self.form(wire, server)
            let without = await post(form, server)
            #expect(without.status == 200 && without["scope"] != nil, "\(wire): \(without.json)")
            for isJSON in [false, true] {
                let form = try await self.form(wire, server) + [("scope", "")]
                let empty = await post(form, server, asJSON: isJSON)
                #expect(empty.status == 200 && empty["scope"] == without["scope"], "\(wire): \(empty.json)")
            }
        }
    }

    @Test("by a refresh, which leaves the scope of the grant as it is")
    func refresh() async throws {
        let (server, _) = try await server()
        let form = try await self.form("refresh_token", server) + [("scope", "")]
        let refreshed = await post(form, server)
        #expect(refreshed["scope"] == "openid profile read")
        let token = try #require(refreshed["refresh_token"])
        let again = await post([("grant_type", "refresh_token"), ("refresh_token", token)], server)
        #expect(again["scope"] == "openid profile read")
    }

    @Test("but one of spaces is malformed for every grant, and nothing is redeemed", arguments: [" ", "    "])
    func spaces(_ scope: String) async throws {
        let (server, generation) = try await server()
        for wire in generation.tokenGrants.map(\.declaration.wire) {
            let valid = try await form(wire, server)
            for isJSON in [false, true] {
                let refused = await post(valid + [("scope", scope)], server, asJSON: isJSON)
                #expect(refused.status == 400 && refused.error == "invalid_scope", "\(wire): \(refused.json)")
                #expect(refused["error_description"] == "a scope must have at least one value")
            }
            #expect(await post(valid, server).status == 200, "\(wire)")
        }
    }

    // MARK: the authorization endpoint

    private func request(_ type: String, _ scope: String?) -> [(String, String)] {
        let isCode = type.split(separator: " ").contains("code")
        let challenge: [(String, String?)] =
            isCode ? [] : [("code_challenge", nil), ("code_challenge_method", nil)]
        return Demo.request([("client_id", "house"), ("response_type", type), ("scope", scope)] + challenge)
    }

    private func members(_ answer: Answer) -> [String: String] {
        answer.query.merging(answer.fragment) { first, _ in first }
    }

    /// What a response grants, for comparison.
    private func gist(_ answer: Answer, _ server: TestServer) async -> String {
        let sent = members(answer)
        var scope = sent["scope"]
        if let code = sent["code"] { scope = await server.redeem(code, as: ("house", Demo.secret))["scope"] }
        return "\(answer.status) \(answer.landing ?? "") \(sent.keys.sorted()) \(sent["error"] ?? "") \(scope ?? "")"
    }

    @Test("by every response type, with GET and with POST; one of spaces is malformed")
    func responses() async throws {
        let (server, generation) = try await server()
        let types = AuthorizationPlan.responseTypes(generation.flows)
        #expect(types.count >= 6, "\(types)")
        let browser = Browser(server)
        #expect(await server.code(in: browser).query["code"] != nil)
        for type in types {
            let without = await gist(await browser.authorize(request(type, nil)), server)
            #expect(without.contains("email") != type.contains("id_token"), "an ID token needs 'openid': \(without)")
            let opened = await gist(await browser.authorize(request(type, "")), server)
            let posted = await gist(await browser.post("/auth/authorize", request(type, "")), server)
            #expect(opened == without && posted == without, "\(type): \(opened), \(posted)")
            let refused = members(await browser.authorize(request(type, "  ")))
            #expect(refused["error"] == "invalid_scope", "\(type): \(refused)")
        }
    }

    @Test("on the consent page, where nothing is ticked then")
    func consent() async throws {
        for ticked in [[], [""]] as [[String]] {
            let server = try await Demo.server()
            let browser = Browser(server)
            let page = await browser.signIn(await browser.authorize(Demo.request()))
            let tokens = await server.redeem(await browser.allow(page, ticked).query["code"] ?? "")
            #expect(tokens["scope"] == "openid", "\(ticked)")
        }
    }

    @Test("and no other endpoint reads 'scope'")
    func others() async throws {
        let capabilities = try await server().1.capabilities
        let read = capabilities.endpoints.flatMap { $0.role.parameters }
        #expect(read.count > 10 && !read.contains { $0.name == "scope" })
    }
}
