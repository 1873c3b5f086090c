// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("Clients authenticate with tokens of their platform", .timeLimit(.minutes(10)))
struct FederatedClientTests {
    private static let subject = "workload:1"

    private static func client(_ changes: JSON = [:]) -> JSON {
        let document: JSON = [
            "id": "robot", "grant_types": ["client_credentials"], "scope": ["read"],
            "federated": [["issuer": .string(TrustedParty.issuer), "subject": .string(subject)]],
        ]
        return document.changed(by: changes)
    }

    private func server(
        _ party: TrustedParty, _ changes: JSON = [:], entry: JSON = [:]
    ) async throws -> TestServer {
        try await TestServer(
            TestServer.trusting(party.entry(entry)) + [.init(Plugins.clientAssertion)],
            clients: [TestServer.service, Self.client(changes)])
    }

    private func token(
        of party: TrustedParty, for server: TestServer, _ changes: JSON = [:], header: JSON = [:]
    ) throws -> String {
        try party.token(party.claims(at: server.clock.now, changes), header: header)
    }

    private static let named = [("client_id", "robot")]

    @Test("the token authenticates the client that the request names, at every endpoint for clients")
    func authenticates() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let answer = await server.assert(try token(of: party, for: server), Self.named)
        let access = try #require(answer["access_token"], "\(answer.json) \(server.log.lines)")
        let told = await server.assert(
            try token(of: party, for: server), Self.named + [("token", access)], path: "/auth/introspect")
        #expect(told.json["active"] == true && told["sub"] == "robot")
    }

    @Test("without the token the client is nobody, because the attribute makes it confidential")
    func confidential() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let alone = await server.post("/auth/token", [("grant_type", "client_credentials")] + Self.named)
        #expect(alone.status == 401 && alone.error == "invalid_client")
        let document = await server.send("GET", "/.well-known/oauth-authorization-server").json
        #expect(document["token_endpoint_auth_methods_supported"]?.strings.contains("federated_jwt") == true)
    }

    @Test("beside client-assertion, each plugin takes its own assertions and the log has the reason of the others")
    func besides() async throws {
        let (party, signer) = (try TrustedParty(), try Signer("signer"))
        let plugins = TestServer.trusting(party.entry())
        for setups in [plugins + [.init(Plugins.clientAssertion)], [.init(Plugins.clientAssertion)] + plugins] {
            let server = try await TestServer(setups, clients: [Self.client(), signer.client()])
            #expect(await server.assert(try token(of: party, for: server), Self.named).status == 200)
            #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 200)
            let stranger = try TrustedParty("https://stranger.example.com")
            let answer = await server.assert(try token(of: stranger, for: server), Self.named)
            #expect(answer.status == 401 && answer.error == "invalid_client")
            let same = try token(of: party, for: server, ["sub": .string(TrustedParty.issuer)])
            #expect(await server.assert(same, Self.named).error == "invalid_request", "it names another client")
        }
    }

    /// Changes after which the client is not authenticated.
    static let refused: [(what: String, claims: JSON, client: JSON, entry: JSON)] = [
        ("another subject", ["sub": "workload:2"], [:], [:]), ("a longer subject", ["sub": "workload:11"], [:], [:]),
        ("another issuer", ["iss": "https://other.example.com"], [:], [:]), ("expired", ["exp": 1], [:], [:]),
        ("another audience", ["aud": "https://other.example.com"], [:], [:]),
        ("two audiences", ["aud": ["https://id.example.com", "https://other.example.com"]], [:], [:]),
        ("bound to a key", ["cnf": ["jkt": "x"]], [:], [:]), ("no subject", ["sub": .null], [:], [:]),
        (
            "a rule for another issuer", [:],
            ["federated": [["issuer": "https://other.example.com", "subject": "workload:1"]]], [:]
        ),
        ("an issuer that is not enabled", [:], [:], ["enabled": false]),
        ("an inactive client", [:], ["active": false], [:]),
        (
            "another method", [:], ["secret": "a secret", "token_endpoint_auth_method": "client_secret_basic"], [:]
        ),
    ]

    @Test("any other token is refused with one answer", arguments: refused.indices)
    func refuses(_ place: Int) async throws {
        let (what, claims, client, entry) = Self.refused[place]
        let party = try TrustedParty()
        let server = try await server(party, client, entry: entry)
        let answer = await server.assert(try token(of: party, for: server, claims), Self.named)
        #expect(answer.status == 401 && answer.error == "invalid_client", "\(what): \(answer.json)")
        let unknown = await server.assert(try token(of: party, for: server, claims), [("client_id", "nobody")])
        #expect(answer.body == unknown.body, "\(what): the answer tells whether a client exists")
    }

    @Test("the log names the client of a wrong token if there is one, and nothing that a stranger wrote")
    func logNames() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let wrong = try token(of: party, for: server, ["exp": 1, "x": "words of a stranger"])
        #expect(await server.assert(wrong, Self.named).status == 401)
        #expect(server.log.lines.contains { $0.contains("federated assertion of 'robot': it has expired") })
        #expect(await server.assert(wrong, [("client_id", "nobody")]).status == 401)
        #expect(!server.log.lines.contains { $0.contains("stranger") || $0.contains(wrong) }, "\(server.log.lines)")
    }

    @Test("a request without the client, or with another one, is refused")
    func namesClient() async throws {
        let party = try TrustedParty()
        let server = try await server(party)
        let none = await server.assert(try token(of: party, for: server))
        #expect(none.status == 401 && none.error == "invalid_client")
        let other = await server.assert(try token(of: party, for: server), [("client_id", "service")])
        #expect(other.status == 401 && other.error == "invalid_client")
    }

    @Test("a pattern fits what follows its separator, and a token with a 'jti' is used once")
    func pattern() async throws {
        let party = try TrustedParty()
        let rule: JSON = ["federated": [["issuer": .string(TrustedParty.issuer), "subject": "workload:*"]]]
        let server = try await server(party, rule)
        let once = try token(of: party, for: server, ["sub": "workload:any", "jti": "once"])
        #expect(await server.assert(once, Self.named).status == 200)
        #expect(await server.assert(once, Self.named).status == 401)
        let outside = await server.assert(try token(of: party, for: server, ["sub": "workloads:1"]), Self.named)
        #expect(outside.status == 401)
    }

    @Test("an identity assertion does not authenticate a client, also from an issuer that may send them")
    func noIdentityAssertion() async throws {
        let party = try TrustedParty()
        let server = try await server(party, entry: ["types": ["JWT", "oauth-id-jag+jwt"]])
        let claims: JSON = ["client_id": "robot", "jti": "a"]
        let answer = await server.assert(
            try token(of: party, for: server, claims, header: ["typ": "oauth-id-jag+jwt"]), Self.named)
        #expect(answer.status == 401)
    }

    @Test("a wrong attribute, and the method without the attribute, are errors")
    func documents() async throws {
        let party = try TrustedParty()
        let plugins = TestServer.trusting(party.entry())
        let server = try await TestServer(plugins)
        let wrong: [JSON] = [
            [], [:], "x", [["issuer": "https://a.example"]], [["issuer": "", "subject": "a"]],
            [["issuer": "https://a.example", "subject": "a*"]], [["issuer": "https://a.example", "subject": "*"]],
            [["issuer": "https://a.example", "subject": "a:*:*"]], [["issuer": "https://a.example", "subject": ""]],
            [["issuer": "https://a.example", "subject": "a", "more": 1]],
        ]
        for value in wrong {
            let problems = try await server.problems(plugins, clients: [Self.client(["federated": value])])
            #expect(problems.contains { $0.severity == .error && $0.message.contains("federated") }, "\(value)")
        }
        let bare = Self.client(["federated": .null, "token_endpoint_auth_method": "federated_jwt"])
        let problems = try await server.problems(plugins, clients: [bare])
        #expect(problems.contains { $0.severity == .error && $0.message.contains("'federated_jwt' needs 'federated'") })
    }
}
