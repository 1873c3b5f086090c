// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("RFC 7523 section 2.1: clients trade tokens of trusted issuers", .timeLimit(.minutes(10)))
struct JWTBearerTests {
    private func server(
        _ party: TrustedParty, _ changes: JSON = [:], client: JSON = [:], user: JSON = [:],
        outbound: any OutboundHTTP = NoOutbound()
    ) async throws -> TestServer {
        try await TestServer(
            TestServer.trusting(party.entry(changes)), clients: [TestServer.service, TestServer.robot(client)],
            users: [TestServer.person(user)], outbound: outbound)
    }

    private func token(
        of party: TrustedParty, for server: TestServer, _ changes: JSON = [:], header: JSON = [:]
    ) throws -> String {
        try party.token(party.claims(at: server.clock.now, changes), header: header)
    }

    private static let aboutAnn: JSON = ["sub": .string(TrustedParty.person)]

    // MARK: what is granted

    @Test("a workload's token gives the client access for itself, as a plugin from outside as well")
    func client() async throws {
        let party = try TrustedParty()
        for threads in [nil, PluginThreads(of: "jwt-bearer")] {
            let setup = PluginSetup(Plugins.jwtBearer, ["issuers": [party.entry()]], threads: threads)
            let server = try await TestServer(
                Plugins.all + [setup], clients: [TestServer.service, TestServer.robot()])
            let answer = await server.trade(try token(of: party, for: server))
            #expect(answer["scope"] == "read write", "\(answer.json) \(server.log.lines)")
            let told = await server.introspectOwn(try #require(answer["access_token"])).json
            #expect(told["sub"] == "robot" && told["client_id"] == "robot")
        }
    }

    @Test("a token about a user gives access for the user, never longer than allowed, and no refresh token")
    func user() async throws {
        let party = try TrustedParty()
        let server = try await server(party, ["longest_access": "2m"])
        let answer = await server.trade(try token(of: party, for: server, Self.aboutAnn))
        #expect(answer.status == 200 && answer.json["expires_in"] == 120, "\(answer.json) \(server.log.lines)")
        #expect(answer["refresh_token"] == nil)
        let access = try #require(answer["access_token"])
        #expect(await server.introspectOwn(access).json["sub"] == "ann")
        server.clock.advance(.seconds(121))
        #expect(await server.introspectOwn(access).json["active"] == false)
    }

    @Test("a user in the store is found too, until the identity is removed or the user is inactive")
    func stored() async throws {
        let party = try TrustedParty()
        let server = try await TestServer(
            TestServer.trusting(party.entry()), clients: [TestServer.service, TestServer.robot()])
        let users = try server.stored
        _ = try await users.create(TestServer.person())
        let access = try #require(
            await server.trade(try token(of: party, for: server, Self.aboutAnn))["access_token"])
        try await users.set(active: false, of: "ann")
        let inactive = await server.trade(try token(of: party, for: server, Self.aboutAnn))
        #expect(TestServer.isRefused(inactive))
        #expect(await server.introspectOwn(access).json["active"] == false, "what was granted ends with the user")
        try await users.set(active: true, of: "ann")
        #expect(await server.trade(try token(of: party, for: server, Self.aboutAnn)).status == 200)
        _ = try await users.replace("ann", with: TestServer.person(["identities": .null]), if: .any)
        #expect(TestServer.isRefused(await server.trade(try token(of: party, for: server, Self.aboutAnn))))
    }

    @Test("the scope is never more than client, issuer and token allow")
    func scope() async throws {
        let party = try TrustedParty()
        let server = try await server(party, ["scope": ["read", "admin", "root"]])
        let whole = await server.trade(try token(of: party, for: server))
        #expect(whole["scope"] == "read admin", "the client may not have 'root', the issuer not 'write'")
        let own = await server.trade(try token(of: party, for: server, ["scope": "read write root"]))
        #expect(own["scope"] == "read")
        let asked = await server.trade(try token(of: party, for: server), [("scope", "admin")])
        #expect(asked.status == 200 && asked["scope"] ?? "admin" == "admin")
        for more in ["write", "read write", "root"] {
            let answer = await server.trade(try token(of: party, for: server), [("scope", more)])
            #expect(answer.error == "invalid_scope", "\(more)")
        }
        let none = try await self.server(party, ["scope": .null])
        #expect(await none.trade(try token(of: party, for: none))["scope"] ?? "" == "")
    }

    // MARK: who is refused

    @Test("an inactive or unknown user gets nothing, whatever the claims say")
    func noUser() async throws {
        let party = try TrustedParty()
        let inactive = try await server(party, user: ["inactive": true])
        let claims = Self.aboutAnn.changed(by: ["email": "ann@example.com", "preferred_username": "ann"])
        #expect(TestServer.isRefused(await inactive.trade(try token(of: party, for: inactive, claims))))
        #expect(inactive.log.lines.contains { $0.contains("the user 'ann' is inactive") })
        let unlinked = try await server(party, user: ["identities": .null])
        #expect(TestServer.isRefused(await unlinked.trade(try token(of: party, for: unlinked, claims))))
    }

    @Test("an issuer that is not enabled, names other clients or no rule gives nothing")
    func noIssuer() async throws {
        let party = try TrustedParty()
        let cases: [(JSON, String)] = [
            (["enabled": false], "its issuer is not enabled"),
            (["clients": ["service"]], "the client is not among the 'clients' of its issuer"),
            (["clients": .null], "the client is not among the 'clients' of its issuer"),
            (["subjects": .null], "no rule in 'subjects' of its issuer fits its subject"),
            (["subjects": [["subject": "workload:2", "as": "client"]]], "no rule in 'subjects'"),
            (["algorithms": ["PS256"]], "its algorithm is not accepted"), (["types": ["at+jwt"]], "its 'typ'"),
            (["audience": "https://id.example.com/other"], "it is for another audience"),
            (["longest_life": "1m"], "it is valid for too long"), (["jti": "required"], "it has no 'jti'"),
        ]
        for (changes, rule) in cases {
            let server = try await server(party, changes)
            #expect(TestServer.isRefused(await server.trade(try token(of: party, for: server))), "\(rule)")
            #expect(server.log.lines.contains { $0.contains(rule) }, "\(rule): \(server.log.lines)")
        }
    }

    @Test("a rule for some clients gives nothing to others, so a workload cannot act as another one's client")
    func ruleOfClients() async throws {
        let party = try TrustedParty()
        let changes: JSON = [
            "clients": ["robot", "other"],
            "subjects": [
                ["subject": "workload:1", "as": "client", "clients": ["robot"]],
                ["subject": "workload:2", "as": "client", "clients": ["other"]], ["as": "user", "clients": ["robot"]],
            ],
        ]
        let other = TestServer.robot(["id": "other", "secret": .null])
        let server = try await TestServer(
            TestServer.trusting(party.entry(changes)),
            clients: [TestServer.service, TestServer.robot(["secret": .null]), other], users: [TestServer.person()])
        for (subject, client, isGood) in [
            ("workload:1", "robot", true), ("workload:1", "other", false), ("workload:2", "robot", false),
            ("workload:2", "other", true), (TrustedParty.person, "robot", true), (TrustedParty.person, "other", false),
        ] {
            let token = try token(of: party, for: server, ["sub": .string(subject)])
            let answer = await server.trade(token, [("client_id", client)], as: nil)
            #expect(isGood ? answer.status == 200 : TestServer.isRefused(answer), "\(subject) as \(client)")
        }
    }

    @Test("a client that is inactive, has not authenticated or may not use the grant is refused")
    func noClient() async throws {
        let party = try TrustedParty()
        let inactive = try await server(party, client: ["active": false])
        #expect(await inactive.trade(try token(of: party, for: inactive)).error == "invalid_client")
        let server = try await server(party)
        let assertion = try token(of: party, for: server)
        #expect(await server.trade(assertion, [("client_id", "robot")], as: nil).error == "invalid_client")
        #expect(await server.trade(assertion, as: ("robot", "wrong")).error == "invalid_client")
        let other = await server.trade(assertion, as: ("service", TestServer.serviceSecret))
        #expect(other.error == "unauthorized_client")
        let publicClient = try await self.server(party, client: ["secret": .null])
        let answer = await publicClient.trade(assertion, [("client_id", "robot")], as: nil)
        #expect(answer.status == 200, "a public client may be allowed: the token is the proof")
    }

    @Test("a request has one assertion")
    func oneAssertion() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let assertion = try token(of: party, for: server)
        let twice = await server.trade(assertion, [("assertion", assertion)])
        #expect(twice.error == "invalid_request")
        let none = await server.post(
            "/auth/token", [("grant_type", TestServer.bearerGrant)], as: ("robot", TestServer.robotSecret))
        #expect(none.error == "invalid_request")
    }

    // MARK: replay

    @Test("of 64 uses of one token with a 'jti' at once, one succeeds")
    func atOnce() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let assertion = try token(of: party, for: server, ["jti": "once"])
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await server.trade(assertion) } }
            return await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 200 } == 1)
        #expect(answers.count { $0.error == "invalid_grant" } == 63)
    }

    @Test("another node refuses a used token as long as it is valid, and one 'jti' of two issuers is two")
    func acrossNodes() async throws {
        let (party, other) = (try TrustedParty(), try TrustedParty("https://other.example.com"))
        let plugins = TestServer.trusting(party.entry(), other.entry())
        let first = try await TestServer(plugins, clients: [TestServer.robot()])
        let second = try await TestServer(beside: first, plugins, clients: [TestServer.robot()], users: [])
        let assertion = try token(of: party, for: first, ["jti": "once"])
        #expect(await first.trade(assertion).status == 200)
        first.clock.advance(.seconds(299))
        _ = try await first.core.store.purge(expiredBefore: first.clock.now, limit: 1000)
        #expect(TestServer.isRefused(await second.trade(assertion)))
        #expect(second.log.lines.contains { $0.contains("it was used before") })
        #expect(await second.trade(try token(of: other, for: second, ["jti": "once"])).status == 200)
    }

    @Test("a 'jti' counts as the issuer's setting says")
    func settings() async throws {
        let party = try TrustedParty()
        for (setting, claims, second) in [
            ("required", ["jti": "a"], 400), ("if_present", ["jti": "a"], 400), ("if_present", [:], 200),
            ("ignored", ["jti": "a"], 200),
        ] as [(JSON, JSON, Int)] {
            let server = try await server(party, ["jti": setting])
            let assertion = try token(of: party, for: server, claims)
            #expect(await server.trade(assertion).status == 200, "\(setting)")
            #expect(await server.trade(assertion).status == second, "\(setting)")
        }
    }

    @Test("a token that was refused, or whose commit failed, is not used up")
    func notUsedUp() async throws {
        let party = try TrustedParty()
        let server = try await TestServer(
            [PluginSetup(CountingStore.self)] + TestServer.trusting(party.entry()).dropFirst(),
            clients: [TestServer.robot()])
        let store = try #require(server.core.generation?.plugins.compactMap { $0.plugin as? CountingStore }.first)
        let assertion = try token(of: party, for: server, ["jti": "once"])
        #expect(await server.trade(assertion, [("scope", "root")]).error == "invalid_scope")
        store.fail(true)
        let failed = await server.trade(assertion)
        #expect(failed.status == 503 && failed.error == "temporarily_unavailable")
        store.fail(false)
        #expect(await server.trade(assertion).status == 200)
    }

    @Test("a token with a 'jti' is used once in all: as a grant or in place of an assertion of the client")
    func acrossUses() async throws {
        let party = try TrustedParty()
        let pattern: JSON = ["issuer": .string(TrustedParty.issuer), "subject": "workload:*"]
        let document = TestServer.robot([
            "secret": .null, "federated": [pattern],
            "grant_types": ["jwt_bearer", "client_credentials", "refresh_token"],
        ])
        let server = try await TestServer(
            TestServer.trusting(party.entry()), clients: [TestServer.service, document])
        func client(_ assertion: String) -> [(String, String)] {
            [
                ("client_id", "robot"), ("client_assertion", assertion),
                ("client_assertion_type", TestServer.assertionType),
            ]
        }
        let fresh = try token(of: party, for: server, ["jti": "fresh"])
        let one = try token(of: party, for: server, ["jti": "one"])
        let twice = await server.trade(one, client(one), as: nil)
        #expect(TestServer.isRefused(twice), "the client has used it up: \(twice.json)")
        #expect(server.log.lines.contains { $0.contains("it was used before") })
        let two = try token(of: party, for: server, ["jti": "two"])
        #expect(await server.trade(two, client(fresh), as: nil).status == 200)
        #expect(await server.assert(two, [("client_id", "robot")]).status == 401, "the grant has used it up")
    }

    @Test("a 'jti' may come again after its token and a margin for slow clocks, before the record is purged")
    func afterwards() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let once: JSON = ["jti": "once"]
        #expect(await server.trade(try token(of: party, for: server, once)).status == 200)
        server.clock.advance(.seconds(300 + 119))
        #expect(TestServer.isRefused(await server.trade(try token(of: party, for: server, once))))
        server.clock.advance(.seconds(1))
        #expect(await server.trade(try token(of: party, for: server, once)).status == 200)
        #expect(TestServer.isRefused(await server.trade(try token(of: party, for: server, once))))
    }

    // MARK: names that look alike

    @Test("issuers, subjects and clients that only look alike are different")
    func lookAlikes() async throws {
        // The Kelvin sign is canonically equivalent to the letter K.
        let (real, fake) = (try TrustedParty("https://K.example.com"), "https://\u{212A}.example.com")
        let subjects: JSON = ["subjects": [["subject": "K:1", "as": "client"]]]
        let server = try await TestServer(
            TestServer.trusting(real.entry(subjects)), clients: [TestServer.service, TestServer.robot()])
        func trade(_ changes: JSON) async throws -> Answer {
            await server.trade(try token(of: real, for: server, changes))
        }
        #expect(try await trade(["sub": "K:1", "jti": "1"]).status == 200)
        for changes in [
            ["sub": "\u{212A}:1"], ["sub": "K:1", "iss": .string(fake)],
            ["sub": "K:1", "aud": "https://id.example.com\u{338}"],
        ] as [JSON] {
            let answer = try await trade(changes)
            #expect(TestServer.isRefused(answer), "\(changes)")
        }
    }

    // MARK: while things change

    @Test("an issuer that a reload removes while its keys are being fetched ends with the requests under way")
    func removedMeanwhile() async throws {
        let party = try TrustedParty()
        let keys = KeyServer(party.signer.keys)
        keys.close()
        let server = try await server(
            party, ["keys": .null, "jwks_uri": .string(KeyServer.address)], outbound: keys)
        let assertion = try token(of: party, for: server)
        async let waiting = server.trade(assertion)
        let isAsked = try await Patience.wait { keys.waiting == 1 }
        #expect(isAsked)
        let other = try TrustedParty("https://other.example.com")
        server.core.install(
            try await server.generation(TestServer.trusting(other.entry()), clients: [TestServer.robot()]))
        keys.open()
        let first = await waiting
        #expect(first.status == 200, "it began while the issuer was trusted: \(first.json)")
        #expect(TestServer.isRefused(await server.trade(try token(of: party, for: server))))
        #expect(await server.trade(try token(of: other, for: server)).status == 200)
    }

    // MARK: keys

    @Test("keys are rotated at 'jwks_uri' without a refusal, and cheap checks come before a fetch")
    func rotation() async throws {
        let (old, new) = (try TrustedParty(), try TrustedParty())
        let keys = KeyServer(old.signer.keys)
        let server = try await server(old, ["keys": .null, "jwks_uri": .string(KeyServer.address)], outbound: keys)
        #expect(TestServer.isRefused(await server.trade(try token(of: old, for: server, ["aud": "x"]))))
        #expect(keys.asked() == 0)
        #expect(await server.trade(try token(of: old, for: server)).status == 200)
        keys.serve(["keys": [old.signer.jwk, new.signer.jwk]])
        server.clock.advance(.seconds(30))
        #expect(await server.trade(try token(of: new, for: server)).status == 200)
        #expect(await server.trade(try token(of: old, for: server)).status == 200)
        #expect(keys.asked() == 2)
        for number in 0..<100 {
            let flood = try token(of: try TrustedParty(), for: server, header: ["kid": .string("unknown-\(number)")])
            #expect(TestServer.isRefused(await server.trade(flood)))
        }
        #expect(keys.asked() <= 3)
    }

    @Test("keys that cannot be fetched or used are a refusal with a reason in the log")
    func noKeys() async throws {
        let party = try TrustedParty()
        let keys = KeyServer(party.signer.keys)
        keys.reply(OutboundReply(status: 500))
        let address: JSON = ["keys": .null, "jwks_uri": .string(KeyServer.address)]
        let unreachable = try await server(party, address, outbound: keys)
        #expect(TestServer.isRefused(await unreachable.trade(try token(of: party, for: unreachable))))
        #expect(unreachable.log.lines.contains { $0.contains("the keys of its issuer cannot be fetched") })
        let off: JSON = ["keys": [["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"]]]
        keys.serve(off)
        let useless = try await server(party, address, outbound: keys)
        #expect(TestServer.isRefused(await useless.trade(try token(of: party, for: useless))))
        #expect(useless.log.lines.contains { $0.contains("the keys of its issuer cannot be fetched") })
    }

    @Test("keys in the configuration are parsed before they are needed, and a mistake is told")
    func configuredKeys() async throws {
        let good = try TrustedParty()
        let host = LentHost(try await TestServer().core, to: "jwt-bearer")
        for (keys, problem) in [
            (["keys": [["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"]]], "'x' must have 32 bytes"),
            (["keys": [["kty": "AKP"]]], "'kty' must be"), (["keys": [1]], "must be a JSON object"),
            (["keys": [good.signer.jwk, good.signer.jwk]], "the same 'kid'"),
            (["keys": [good.signer.jwk, ["kty": "RSA", "p": "AQAB"]]], "a secret or private key"),
            (["keys": [["kty": "oct", "k": "c2VjcmV0"]]], "a secret or private key"),
        ] as [(JSON, String)] {
            let error = #expect(throws: (any Error).self) { _ = try host.foreignKeys.keys(in: keys) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(problem), "\(keys)")
        }
        _ = try host.foreignKeys.keys(in: good.signer.keys)
    }
}
