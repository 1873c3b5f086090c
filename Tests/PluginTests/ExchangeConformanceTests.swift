// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The plugin token-exchange keeps the rules of the kit", .timeLimit(.minutes(10)))
struct ExchangeConformanceTests {
    private static let wire = "urn:ietf:params:oauth:grant-type:token-exchange"
    private static let types = "urn:ietf:params:oauth:token-type:"
    private static let issuer = "https://idp.example.com"
    private static let party = TestParty("idp")

    private static let client = Client.test(
        id: "client-1", grants: ["token_exchange"], scope: ["read", "write"],
        document: [
            "allowedIssuers": [.string(issuer)],
            "auth": [
                "token_exchange": [
                    "exchanges": [
                        ["subject": "access_token", "audience": "api", "to": "api", "actor": "access_token"],
                        [
                            "subject": "id_token", "audience": "client-1", "to": "https://a.example.com",
                            "issue": "id-jag",
                        ],
                    ]
                ]
            ],
        ])

    private static func token(_ kind: ResolvedToken.Kind, _ audience: String, at now: Timestamp) -> ResolvedToken {
        var authorization = Authorization(
            subject: .user("ann"), limits: AccessLimits(scope: ["read", "write"], audience: [audience]))
        authorization.grantID = "grant-1"
        return ResolvedToken(
            kind: kind, id: "token-1", clientID: "client-1", issuedAt: now, expiresAt: now + .seconds(600),
            authorization: authorization)
    }

    private static func plugin(
        _ parameters: @escaping @Sendable (TestPlugin) -> Parameters
    ) -> PluginUnderTest {
        let rules = JWTRules(types: ["JWT"], audience: ["https://id.example.com"])
        let identities: JSON = [["issuer": .string(issuer), "subject": "person"]]
        return PluginUnderTest(
            Plugins.tokenExchange, settings: ["assertion_audiences": ["https://a.example.com"]]
        )
        .on { host in
            host.users.add(User(id: "ann", isActive: true, document: ["identities": identities]))
            let keys = KeySource.keys(try host.lent.foreignKeys.keys(in: party.keys))
            host.issuers.add(ForeignIssuer(issuer, keys: keys, rules: rules))
            host.tokens.add("access-1", token(.access, "api", at: host.clock.now))
            host.tokens.add("identity-1", token(.identity, "client-1", at: host.clock.now))
        }
        .accepting(wire, from: client, { parameters($0) })
    }

    private static let own: PluginUnderTest = plugin { _ in
        [
            "subject_token": "access-1", "subject_token_type": types + "access_token", "actor_token": "access-1",
            "actor_token_type": types + "access_token", "resource": "api",
        ]
    }

    @Test("for tokens of this server, with an actor", arguments: own.checks)
    func forOwn(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let assertion: PluginUnderTest = plugin { _ in
        [
            "subject_token": "identity-1", "subject_token_type": types + "id_token",
            "requested_token_type": types + "id-jag", "audience": "https://a.example.com",
        ]
    }

    @Test("for assertions", arguments: assertion.checks.filter { $0.role == .grant })
    func forAssertions(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let foreign: PluginUnderTest = plugin { plugin in
        let now = plugin.host.clock.now.seconds
        let claims: JSON = [
            "iss": .string(issuer), "sub": "person", "aud": .string(plugin.host.issuer), "exp": .integer(now + 60),
        ]
        return ["subject_token": party.sign(claims), "subject_token_type": types + "jwt"]
    }

    @Test("for tokens of other issuers", arguments: foreign.checks.filter { $0.role == .grant })
    func forForeign(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: ID tokens

    private static let identities: PluginUnderTest = PluginUnderTest(
        Plugins.openID, settings: ["exchangeable_id_tokens": true]
    )
    .on { $0.users.add(User(id: "ann", isActive: true, document: [:])) }

    @Test("ID tokens that can be exchanged", arguments: identities.checks.filter { $0.role == .tokenResolver })
    func forIdentities(_ check: PluginCheck) async throws {
        try await check.run()
    }
}
