// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("Identity assertions of a company's provider (ID-JAG, draft 03)", .timeLimit(.minutes(10)))
struct IdentityAssertionTests {
    private static let api = "https://api.example.com"
    private static let types: JSON = ["types": ["oauth-id-jag+jwt"]]

    private static let robot = TestServer.robot([
        "auth": ["jwt_bearer": ["audience": ["https://api.example.com", "https://other.example.com"]]]
    ])

    private func server(
        _ party: TrustedParty, _ entry: JSON = types, client: JSON = robot
    ) async throws -> TestServer {
        try await TestServer(
            TestServer.trusting(party.entry(entry)), clients: [TestServer.service, client],
            users: [TestServer.person()])
    }

    /// The claims of the example in section 3.1 of the draft, with the names of this test.
    private func assertion(
        of party: TrustedParty, at now: Timestamp, _ changes: JSON = [:], header: JSON = [:]
    ) throws -> String {
        let own: JSON = [
            "sub": .string(TrustedParty.person), "client_id": "robot", "jti": "9e43f81b64a33f20116179",
            "resource": .string(Self.api), "scope": "read", "email": "somebody.else@example.com",
            "auth_time": .integer(now.seconds - 60), "amr": ["mfa", "phrh", "hwk", "user"],
        ]
        let claims = party.claims(at: now, own).changed(by: changes)
        let usual: JSON = ["typ": "oauth-id-jag+jwt"]
        return try party.token(claims, header: usual.changed(by: header))
    }

    @Test("it gives the scope and audience that it names, for its user, once and without a refresh token")
    func accepted() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let good = try assertion(of: party, at: server.clock.now)
        let answer = await server.trade(good)
        #expect(answer["scope"] == "read" && answer["refresh_token"] == nil, "\(answer.json) \(server.log.lines)")
        let told = await server.introspectOwn(try #require(answer["access_token"])).json
        #expect(told["sub"] == "ann" && told["aud"]?.strings == [Self.api], "\(told)")
        #expect(TestServer.isRefused(await server.trade(good)))
    }

    /// Changes after which it is refused, and what the log says; `BearerTableTests` has all forms of each claim.
    static let refused: [(claims: JSON, header: JSON, rule: String)] = [
        (["client_id": "service"], [:], "it is for another client"),
        (["client_id": .null], [:], "it is for another client"), (["jti": .null], [:], "it has no 'jti'"),
        (["aud": ["https://id.example.com", "https://other.example.com"]], [:], "it is for other audiences too"),
        (["aud": "https://id.example.com/auth/token"], [:], "it is for another audience"),
        (["cnf": ["jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"]], [:], "it has 'cnf', a constraint"),
        (["resource": "https://else.example.com"], [:], "the client may not have its 'resource'"),
        (["sub": "workload:1"], [:], "an identity assertion is about a user"),
        (["sub": "ann"], [:], "no user has its issuer and subject"), ([:], ["typ": "JWT"], "its 'typ' is not accepted"),
    ]

    @Test("a wrong one is refused by its rule", arguments: refused.indices)
    func wrong(_ place: Int) async throws {
        let (claims, header, rule) = Self.refused[place]
        let party = try TrustedParty()
        let server = try await server(party)
        let answer = await server.trade(try assertion(of: party, at: server.clock.now, claims, header: header))
        #expect(TestServer.isRefused(answer), "\(rule): \(answer.json)")
        #expect(server.log.lines.contains { $0.contains(rule) }, "\(rule): \(server.log.lines)")
    }

    @Test("it is for this server's issuer identifier, whatever audience the issuer's other tokens have")
    func audience() async throws {
        let party = try TrustedParty()
        let entry: JSON = ["types": ["JWT", "oauth-id-jag+jwt"], "audience": "https://custom.example.com"]
        let server = try await server(party, entry)
        let custom = try assertion(of: party, at: server.clock.now, ["aud": "https://custom.example.com"])
        #expect(TestServer.isRefused(await server.trade(custom)))
        #expect(await server.trade(try assertion(of: party, at: server.clock.now)).status == 200)
    }

    @Test("its 'resource' is the audience: all of it, also beyond the client's default, and nothing more")
    func resource() async throws {
        let party = try TrustedParty()
        let audience: JSON = ["https://api.example.com", "#https://[a-z]+\\.example\\.org"]
        let server = try await server(
            party, client: TestServer.robot(["auth": ["jwt_bearer": ["audience": audience]]]))
        func trade(_ resource: JSON, _ id: String, asking audience: [String] = []) async throws -> Answer {
            let token = try assertion(of: party, at: server.clock.now, ["resource": resource, "jti": .string(id)])
            return await server.trade(token, audience.map { ("audience", $0) })
        }
        let both: [JSON] = ["https://api.example.com", "https://files.example.org"]
        for (number, named) in [[both[1]], both].enumerated() {
            let answer = try await trade(.array(named), "good-\(number)")
            let access = try #require(answer["access_token"], "\(answer.json) \(server.log.lines)")
            #expect(await server.introspectOwn(access).json["aud"]?.strings == JSON.array(named).strings)
        }
        let part = try await trade(["https://api.example.com", "https://else.example.com"], "part")
        #expect(TestServer.isRefused(part), "\(part.json)")
        let less = try await trade(.array(both), "less", asking: ["https://files.example.org"])
        let access = try #require(less["access_token"], "\(less.json)")
        #expect(await server.introspectOwn(access).json["aud"]?.strings == ["https://files.example.org"])
        let more = try await trade([both[1]], "more", asking: ["https://api.example.com"])
        #expect(more.error == "invalid_target", "\(more.json)")
    }

    @Test("no spelling of its type, in a setting or in the header, turns it into an ordinary token")
    func spellings() async throws {
        let party = try TrustedParty()
        for setting in ["oauth-id-jag+jwt", "OAuth-ID-JAG+JWT", "application/oauth-id-jag+jwt"] {
            for typ in ["oauth-id-jag+jwt", "OAUTH-ID-JAG+jwt", "Application/OAuth-ID-JAG+jwt"] {
                let server = try await server(party, ["types": ["JWT", .string(setting)]])
                let header: JSON = ["typ": .string(typ)]
                let foreign = try assertion(
                    of: party, at: server.clock.now, ["client_id": "service"], header: header)
                #expect(TestServer.isRefused(await server.trade(foreign)), "\(setting) \(typ)")
                #expect(server.log.lines.contains { $0.contains("it is for another client") })
                let good = try assertion(of: party, at: server.clock.now, header: header)
                #expect(await server.trade(good).status == 200, "\(setting) \(typ): \(server.log.lines)")
            }
        }
    }

    @Test("a public client gets nothing for it")
    func publicClient() async throws {
        let party = try TrustedParty()
        let server = try await server(party, client: Self.robot.changed(by: ["secret": .null]))
        let answer = await server.trade(
            try assertion(of: party, at: server.clock.now), [("client_id", "robot")], as: nil)
        #expect(TestServer.isRefused(answer))
        #expect(server.log.lines.contains { $0.contains("the client is public") })
    }

    @Test("the profile is in the metadata if an enabled issuer may send such assertions")
    func metadata() async throws {
        let party = try TrustedParty()
        let profile: JSON = ["urn:ietf:params:oauth:grant-profile:id-jag"]
        for (entry, expected) in [
            (Self.types, profile), ([:], nil), (Self.types.changed(by: ["enabled": false]), nil),
        ] as [(JSON, JSON?)] {
            let server = try await server(party, entry)
            let document = await server.send("GET", "/.well-known/oauth-authorization-server").json
            #expect(document["authorization_grant_profiles_supported"] == expected)
            #expect(document["grant_types_supported"]?.strings.contains(TestServer.bearerGrant) == true)
        }
    }
}
