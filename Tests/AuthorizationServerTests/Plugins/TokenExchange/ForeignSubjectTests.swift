// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@Suite("RFC 8693: clients exchange tokens of other issuers, as Aidbox lets them", .timeLimit(.minutes(10)))
struct ForeignSubjectTests {
    private static let client: JSON = [
        "id": "web", "secret": .string(ExchangeServer.secret("web")), "grant_types": [.string(ExchangeServer.grant)],
        "scope": ["openid", "offline_access", "read", "write"], "allowedIssuers": [.string(TrustedParty.issuer)],
        "auth": ["token_exchange": ["access_token_expiration": 120, "audience": "api"]],
    ]

    private func server(
        _ party: TrustedParty, _ entry: JSON = [:], client: JSON = [:], user: JSON = [:]
    ) async throws -> TestServer {
        let plugins = ExchangeServer.plugins(besides: [
            PluginSetup(Plugins.jwtBearer, ["issuers": [party.entry(entry)]])
        ])
        return try await TestServer(
            plugins, clients: [Self.client.changed(by: client)], users: [TestServer.person(user)])
    }

    private func token(
        of party: TrustedParty, _ server: TestServer, _ changes: JSON = [:], header: JSON = [:]
    ) throws -> String {
        let about: JSON = ["sub": .string(TrustedParty.person)]
        return try party.token(
            party.claims(at: server.clock.now, about).changed(by: changes), header: header)
    }

    @Test("a token about a user gives access for the user, and never lasts longer", arguments: [300, 90] as [Int64])
    func user(_ life: Int64) async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let end: JSON = ["exp": .integer(server.clock.now.seconds + life), "scope": "read other"]
        let answer = await server.exchange(try token(of: party, server, end), "jwt")
        #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
        #expect(answer.json["expires_in"] == .integer(min(life, 120)) && answer["refresh_token"] == nil)
        #expect(answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token")
        let told = await server.told(answer["access_token"])
        #expect(told["sub"] == "ann" && told["scope"] == "read" && told["aud"] == "api")
    }

    @Test("a refresh token comes out only by 'refresh_token: true', and ends with the token of the issuer")
    func refresh() async throws {
        let party = try TrustedParty()
        for isAllowed in [false, true] {
            let auth: JSON = ["token_exchange": ["audience": "api", "refresh_token": .bool(isAllowed)]]
            let grants: JSON = [.string(ExchangeServer.grant), "refresh_token"]
            let server = try await server(party, client: ["auth": auth, "grant_types": grants])
            let answer = await server.exchange(
                try token(of: party, server), "jwt", [("scope", "read offline_access")])
            #expect(answer.status == 200 && (answer["refresh_token"] != nil) == isAllowed, "\(answer.json)")
            guard let refresh = answer["refresh_token"] else { continue }
            let form = [("grant_type", "refresh_token"), ("refresh_token", refresh)]
            server.clock.advance(.seconds(301))
            let late = await server.post("/auth/token", form, as: ("web", ExchangeServer.secret("web")))
            #expect(late.error == "invalid_grant")
        }
    }

    /// What is changed, and the rule that refuses it.
    static let refused: [(claims: JSON, header: JSON, rule: String)] = [
        (["iss": "https://evil.example.com"], [:], "its issuer is not among 'allowedIssuers'"),
        (["iss": "https://id.example.com"], [:], "was issued by this server"),
        (["iss": .null], [:], "it has no issuer"),
        (["sub": "somebody"], [:], "no user has its issuer and subject"),
        (["sub": "ann"], [:], "no user has its issuer and subject"),
        (["aud": "https://other.example.com"], [:], "it is for another audience"),
        (["aud": ["https://id.example.com", "x"]], [:], "it is for other audiences too"),
        (["exp": 1], [:], "it has expired"), (["exp": .null], [:], "it has no 'exp'"),
        (["exp": 1_800_009_999], [:], "it is valid for too long"),
        (["cnf": ["jkt": "x"]], [:], "it has 'cnf', a constraint"), (["act": ["sub": "x"]], [:], "it has 'act'"),
        (["authorization_details": []], [:], "it has 'authorization_details'"),
        (["events": ["http://schemas.openid.net/event/backchannel-logout": [:]]], [:], "it has 'events'"),
        (["may_act": ["sub": "other"]], [:], "its 'may_act' names somebody else"),
        (["scope": ["read"]], [:], "its 'scope' is not a string"),
        ([:], ["typ": "oauth-id-jag+jwt"], "its 'typ' is not accepted"), ([:], ["alg": "none"], "not a signed JWT"),
        ([:], ["kid": "other"], "no key"),
    ]

    @Test("a wrong token is refused by its rule", arguments: refused.indices)
    func wrong(_ place: Int) async throws {
        let (claims, header, rule) = Self.refused[place]
        let party = try TrustedParty()
        let server = try await server(party)
        let answer = await server.exchange(try token(of: party, server, claims, header: header), "jwt")
        #expect(answer.refusesSubject, "\(rule): \(answer.json)")
        #expect(server.log.lines.contains { $0.contains(rule) }, "\(rule): \(server.log.lines)")
    }

    @Test("an inactive user, an issuer that is not enabled and a client that does not list it give nothing")
    func nobody() async throws {
        let party = try TrustedParty()
        for server in [
            try await server(party, user: ["inactive": true]), try await server(party, ["enabled": false]),
            try await server(party, client: ["allowedIssuers": .null]),
            try await server(party, client: ["allowedIssuers": ["https://other.example.com"]]),
            try await server(party, ["types": ["oauth-id-jag+jwt"]]),
        ] {
            #expect(await server.exchange(try token(of: party, server), "jwt").refusesSubject, "\(server.log.lines)")
        }
    }

    @Test("'may_act' of another issuer stays in the token, so that nobody else exchanges it again")
    func mayAct() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let answer = await server.exchange(try token(of: party, server, ["may_act": ["client_id": "web"]]), "jwt")
        #expect(await server.told(answer["access_token"])["may_act"] == ["client_id": "web"], "\(answer.json)")
    }

    @Test("an audience or a resource that the client may not have is refused")
    func target() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        for more in [("audience", "orders"), ("resource", "https://orders.example.com")] {
            #expect(await server.exchange(try token(of: party, server), "jwt", [more]).error == "invalid_target")
        }
        #expect(await server.exchange(try token(of: party, server), "jwt", [("resource", "api")]).status == 200)
    }

    @Test("two plugins cannot trust one issuer, which the configuration names once")
    func once() async throws {
        let party = try TrustedParty()
        let setup = PluginSetup(Plugins.jwtBearer, ["issuers": [party.entry()]])
        let error = await #expect(throws: ConfigurationError.self) {
            _ = try await TestServer(
                ExchangeServer.plugins(besides: [setup, PluginSetup(TrustingPlugin.self)]), users: [ExchangeServer.ann])
        }
        #expect(error?.message.contains("trusted issuer '\(TrustedParty.issuer)'") == true, "\(error?.message ?? "")")
    }

    private struct TrustingPlugin: Plugin {
        static let manifest = PluginManifest(id: "trusting", summary: "", specification: "")

        init(settings: Settings, host: any PluginHost) {}

        func register(in registry: inout Registry) {
            let keys = KeySource.address("https://idp.example.com/keys")
            registry.add(issuer: ForeignIssuer(TrustedParty.issuer, keys: keys, rules: JWTRules(types: ["JWT"])))
        }
    }
}
