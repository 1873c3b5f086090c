// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The plugin jwt-bearer keeps the rules of the kit", .timeLimit(.minutes(10)))
struct BearerConformanceTests {
    private static let party = TestParty("idp")
    private static let issuer = "https://idp.example.com"
    private static let wire = "urn:ietf:params:oauth:grant-type:jwt-bearer"

    private static let entry: JSON = [
        "issuer": .string(issuer), "keys": party.keys, "clients": ["client-1"], "scope": ["read"], "jti": "required",
        "subjects": [["subject": "person", "as": "user"], ["subject": "workload:*", "as": "client"]],
    ]

    private static func token(_ subject: String, on plugin: TestPlugin) -> String {
        let claims: JSON = [
            "iss": .string(issuer), "sub": .string(subject), "aud": .string(plugin.host.issuer),
            "exp": .integer(plugin.host.clock.now.seconds + 60), "jti": .string("\(plugin.host.store.calls)"),
        ]
        return party.sign(claims)
    }

    private static func plugin(about subject: String) -> PluginUnderTest {
        let identities: JSON = [["issuer": .string(issuer), "subject": "person"]]
        return PluginUnderTest(Plugins.jwtBearer, settings: ["issuers": [entry]])
            .on { $0.users.add(User(id: "ann", isActive: true, document: ["identities": identities])) }
            .accepting(
                wire, from: .test(id: "client-1", grants: ["jwt_bearer"], scope: ["read", "write"])
            ) { ["assertion": token(subject, on: $0)] }
            .authenticating(
                .test(
                    id: "robot", document: ["federated": [["issuer": .string(issuer), "subject": "workload:*"]]])
            ) { plugin in
                [
                    "client_id": "robot", "client_assertion": token("workload:1", on: plugin),
                    "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ]
            }
    }

    private static let user = plugin(about: "person")

    @Test("for a user", arguments: user.checks)
    func forUser(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let client = plugin(about: "workload:1")

    @Test("for a client", arguments: client.checks.filter { $0.role == .grant })
    func forClient(_ check: PluginCheck) async throws {
        try await check.run()
    }

    // MARK: settings

    /// Wrong entries, and a part of the message about each.
    static let wrong: [(changes: JSON, message: String)] = [
        (["issuer": ""], "'issuer' must not be empty"), (["issuer": "https://\u{212A}.com"], "only ASCII letters"),
        (["issuer": ["null"]], "the setting 'issuer' must be a string"),
        (["keys": ["null"]], "an issuer needs 'jwks_uri' or 'keys'"),
        (["jwks_uri": "https://idp.example.com/keys"], "has either 'jwks_uri' or 'keys'"),
        (["keys": ["keys": []]], "must be a key set with public keys"),
        (["keys": ["keys": "none"]], "must be a key set with public keys"),
        (["keys": ["keys": [["kty": "oct", "k": "c2VjcmV0"]]]], "'keys' is no key set that can be used: it contains"),
        (["keys": ["keys": [["kty": "EC", "d": "c2VjcmV0"]]]], "'keys' is no key set that can be used: it contains"),
        (["jwks_uri": "http://idp.example.com/keys"], "must be an https URL"),
        (["algorithms": ["HS256"]], "must be one or several of"),
        (["algorithms": ["none"]], "must be one or several of"),
        (["algorithms": []], "must be one or several of"), (["types": []], "must be one or several types"),
        (["jti": "once"], "must be one of required, if_present, ignored"),
        (["subjects": [["as": "client"]]], "must be a list of rules"),
        (["subjects": [["subject": "*", "as": "client"]]], "must be a list of rules"),
        (["subjects": [["as": "user", "clients": []]]], "must be a list of rules"),
        (["subjects": [["as": "user", "clients": [1]]]], "must be a list of rules"),
        (["subjects": [["as": "user", "client": "robot"]]], "must be a list of rules"),
        (["subjects": [["subject": "repo:shop*", "as": "client"]]], "must be a list of rules"),
        (["subjects": [["subject": "repo:*:main", "as": "client"]]], "must be a list of rules"),
        (["subjects": [["subject": "repo:shop/.+", "as": "admin"]]], "must be a list of rules"),
        (["longest_life": "2d"], "must be from 1m to 1d"), (["longest_access": "30s"], "must be from 1m to 1d"),
    ]

    @Test("a wrong entry is a problem with the configuration, which says what to do", arguments: wrong.indices)
    func settings(_ place: Int) {
        let (changes, message) = Self.wrong[place]
        let given = TestSettings(["issuers": [Self.entry.changed(by: changes)]])
        _ = try? Plugins.jwtBearer.init(settings: given.settings, host: TestHost().lent)
        #expect(given.problems.contains { $0.contains(message) }, "\(given.problems)")
    }

    @Test("an issuer that is listed twice, or is this server, is a problem")
    func issuers() {
        let twice = TestSettings(["issuers": [Self.entry, Self.entry]])
        #expect(throws: ConfigurationError.self) {
            _ = try Plugins.jwtBearer.init(settings: twice.settings, host: TestHost().lent)
        }
        let own = TestSettings(["issuers": [Self.entry.changed(by: ["issuer": "https://id.example.com"])]])
        #expect(throws: ConfigurationError.self) {
            _ = try Plugins.jwtBearer.init(settings: own.settings, host: TestHost().lent)
        }
    }
}
