// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("What authenticates clients keeps the rules of the kit", .timeLimit(.minutes(10)))
struct ClientConformanceTests {
    private static let party = TestParty("robot-key")

    private static let assertion: PluginUnderTest = PluginUnderTest(Plugins.clientAssertion)
        .authenticating(.test(id: "robot", document: ["jwks": party.keys])) { plugin in
            let claims: JSON = [
                "iss": "robot", "sub": "robot", "aud": .string(plugin.host.issuer),
                "exp": .integer(plugin.host.clock.now.seconds + 60), "jti": .string("\(plugin.host.store.calls)"),
            ]
            return [
                "client_assertion": party.sign(claims, type: "client-authentication+jwt"),
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ]
        }

    @Test("client-assertion", arguments: assertion.checks.filter { $0.role == .authenticator })
    func clientAssertion(_ check: PluginCheck) async throws {
        try await check.run()
    }
}
