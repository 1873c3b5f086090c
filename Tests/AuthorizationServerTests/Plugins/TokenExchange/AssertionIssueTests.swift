// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Support
import Testing

@Suite("ID-JAG (draft 03): this server issues identity assertions for other servers", .timeLimit(.minutes(10)))
struct AssertionIssueTests {
    private static let type = "urn:ietf:params:oauth:token-type:id-jag"
    private static let more = [("audience", ExchangeServer.other), ("requested_token_type", AssertionIssueTests.type)]

    private func verified(_ server: TestServer, _ token: String?) -> JSON? {
        server.keys.verify(token ?? "", type: "oauth-id-jag+jwt")?.claims
    }

    @Test("an ID token and a refresh token give an assertion for one server, which is no access token")
    func issues() async throws {
        let server = try await ExchangeServer.make()
        let tokens = await server.visit()
        for type in ["id_token", "refresh_token"] {
            let answer = await server.exchange(tokens[type], type, Self.more + [("scope", "read")])
            #expect(answer.status == 200, "\(answer.json) \(server.log.lines)")
            #expect(answer["token_type"] == "N_A" && answer["issued_token_type"] == Self.type)
            #expect(answer.json["expires_in"] == 300 && answer["refresh_token"] == nil && answer["id_token"] == nil)
            let claims = try #require(verified(server, answer["access_token"]))
            let now = server.clock.now.seconds
            #expect(claims["iss"] == "https://id.example.com" && claims["sub"] == "ann" && claims["client_id"] == "web")
            #expect(claims["aud"]?.string == ExchangeServer.other && claims["scope"] == "read")
            #expect(
                claims["iat"]?.integer == now && claims["exp"]?.integer == now + 300 && claims["jti"]?.string != nil)
            #expect(await server.told(answer["access_token"])["active"] == false)
        }
    }

    @Test("it names the client and the resources as the rule says, and an empty scope stays in it")
    func details() async throws {
        let rule: JSON = [
            "subject": "id_token", "audience": "web", "to": .string(ExchangeServer.other), "issue": "id-jag",
            "client_id": "web-there", "resources": ["https://mcp.example.com"], "scope": "chat",
        ]
        let server = try await ExchangeServer.make([ExchangeServer.client("web", [rule])])
        let token = await server.visit()["id_token"]
        let named = await server.exchange(token, "id_token", Self.more + [("resource", "https://mcp.example.com")])
        let claims = try #require(verified(server, named["access_token"]), "\(server.log.lines)")
        #expect(claims["client_id"] == "web-there" && claims["resource"] == "https://mcp.example.com")
        #expect(claims["scope"] == "")
        let twice = [("resource", "https://mcp.example.com"), ("resource", "https://mcp.example.com")]
        let repeated = await server.exchange(token, "id_token", Self.more + twice)
        #expect(verified(server, repeated["access_token"])?["resource"] == "https://mcp.example.com")
        let other = await server.exchange(token, "id_token", Self.more + [("resource", "https://x.example.com")])
        #expect(other.error == "invalid_target")
    }

    @Test("a token of a user for whom somebody acts gives none, since the other server would take it for the user's")
    func delegated() async throws {
        let server = try await ExchangeServer.make()
        let tokens = await server.visit([("person", "ann"), ("act", #"{"sub":"bob"}"#)])
        for type in ["id_token", "refresh_token"] {
            #expect(await server.exchange(tokens[type], type, Self.more).refusesSubject, "\(type)")
        }
        #expect(server.log.lines.contains { $0.contains("somebody acts for its subject") }, "\(server.log.lines)")
    }

    @Test("no other token, audience or client gets one")
    func refused() async throws {
        let server = try await ExchangeServer.make()
        let tokens = await server.visit()
        #expect(await server.exchange(tokens["access_token"], "access_token", Self.more).refusesSubject)
        let type = [("requested_token_type", Self.type)]
        let both = [("audience", ExchangeServer.other), ("audience", "api")]
        for audience in [[], [("audience", ExchangeServer.billing)], both] {
            #expect(await server.exchange(tokens["id_token"], "id_token", audience + type).error == "invalid_target")
        }
        let plain = await server.exchange(tokens["id_token"], "id_token", [("audience", ExchangeServer.other)])
        #expect(plain.error == "invalid_target", "the rule is for assertions only")
        let unlisted = try await TestServer(
            ExchangeServer.plugins([:]), clients: [ExchangeServer.client("web", ExchangeServer.webRules)],
            users: [ExchangeServer.ann])
        let token = await unlisted.visit()["id_token"]
        #expect(await unlisted.exchange(token, "id_token", Self.more).error == "invalid_request")
        let elsewhere = try await TestServer(
            ExchangeServer.plugins(["assertion_audiences": ["https://x.example.com"]]),
            clients: [ExchangeServer.client("web", ExchangeServer.webRules)], users: [ExchangeServer.ann])
        let again = await elsewhere.visit()["id_token"]
        #expect(await elsewhere.exchange(again, "id_token", Self.more).error == "invalid_target")
    }

    @Test("this server does not accept its own assertions")
    func own() async throws {
        let party = try TrustedParty()
        let plugins = ExchangeServer.plugins(besides: [
            PluginSetup(Plugins.jwtBearer, ["issuers": [party.entry(["types": ["JWT", "oauth-id-jag+jwt"]])]])
        ])
        let grants: JSON = ["visit", "refresh_token", "token_exchange", "jwt_bearer"]
        let changes: JSON = ["grant_types": grants, "allowedIssuers": ["https://id.example.com"]]
        let client = ExchangeServer.client("web", ExchangeServer.webRules, changes)
        let server = try await TestServer(plugins, clients: [client], users: [ExchangeServer.ann])
        let assertion = await server.exchange(await server.visit()["id_token"], "id_token", Self.more)["access_token"]
        #expect(verified(server, assertion) != nil, "\(server.log.lines)")
        for type in ["access_token", "id_token", "refresh_token", "jwt"] {
            #expect(await server.exchange(assertion, type, [("audience", "api")]).refusesSubject, "\(type)")
        }
        let traded = await server.trade(assertion ?? "", as: ("web", ExchangeServer.secret("web")))
        #expect(TestServer.isRefused(traded))
    }

    @Test("another server of this kind accepts it, once")
    func accepted() async throws {
        let server = try await ExchangeServer.make()
        let keys = try JSON(parsing: await server.send("GET", "/.well-known/jwks.json").body)
        let entry: JSON = [
            "issuer": "https://id.example.com", "keys": keys, "clients": ["web"], "scope": ["read", "write"],
            "types": ["oauth-id-jag+jwt"], "subjects": [["as": "user"]],
        ]
        let user: JSON = ["id": "a-1", "identities": [["issuer": "https://id.example.com", "subject": "ann"]]]
        let web = TestServer.robot(["id": "web"])
        let there = try await TestServer(
            TestServer.trusting(entry), clients: [TestServer.service, web], users: [user], issuer: ExchangeServer.other)
        let more = Self.more + [("scope", "read")]
        let assertion = await server.exchange(await server.visit()["id_token"], "id_token", more)["access_token"] ?? ""
        let answer = await there.trade(assertion, as: ("web", TestServer.robotSecret))
        #expect(answer.status == 200 && answer["scope"] == "read", "\(answer.json) \(there.log.lines)")
        #expect(TestServer.isRefused(await there.trade(assertion, as: ("web", TestServer.robotSecret))))
    }

    @Test("the type is in the metadata if assertions can be issued")
    func metadata() async throws {
        for (settings, expected) in [
            (["assertion_audiences": ["https://as.example.com"]], [.string(Self.type)]), ([:], nil),
        ] as [(JSON, JSON?)] {
            let server = try await TestServer(ExchangeServer.plugins(settings), users: [ExchangeServer.ann])
            let document = await server.send("GET", "/.well-known/oauth-authorization-server").json
            #expect(document["identity_chaining_requested_token_types_supported"] == expected)
            #expect(document["grant_types_supported"]?.strings.contains(ExchangeServer.grant) == true)
        }
    }
}
