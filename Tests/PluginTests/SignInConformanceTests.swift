// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("What asks users keeps the rules of the kit", .timeLimit(.minutes(10)))
struct SignInConformanceTests {
    /// The checks for steps, response types and filters of requests.
    private static func checks(_ plugin: PluginUnderTest) -> [PluginCheck] {
        plugin.checks.filter { [.step, .flow, .requestFilter].contains($0.role) }
    }

    private static let login: PluginUnderTest = PluginUnderTest(Plugins.passwordLogin)
        .on { $0.users.add(User(id: "ann", isActive: true, document: [:]), password: "correct horse") }
        .answering("password-login") { _ in ["username": "ann", "password": "correct horse"] }

    @Test("password-login", arguments: checks(login))
    func passwordLogin(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("authorization-code", arguments: checks(PluginUnderTest(Plugins.authorizationCode)))
    func authorizationCode(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("implicit", arguments: checks(PluginUnderTest(Plugins.implicit)))
    func implicit(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let claims: String = """
        {"id_token":{"acr":{"essential":true,"values":["urn:example:strong","urn:example:other"]}}}
        """

    /// The response type 'id_token' without and with every parameter of a request.
    private static let requests: [PluginUnderTest] = [
        PluginUnderTest(Plugins.openID, settings: ["algorithms": ["ES256"]]),
        PluginUnderTest(Plugins.openID, settings: ["algorithms": ["ES256"]]).authorizing("id_token") { _ in
            [
                "scope": "openid read", "nonce": "n-1", "prompt": "login", "max_age": "60", "login_hint": "ann",
                "acr_values": "a b", "claims": claims, "display": "page", "ui_locales": "de en",
            ]
        },
    ]

    @Test("openid", arguments: requests.flatMap { checks($0) })
    func openID(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("refresh-token", arguments: checks(PluginUnderTest(Plugins.refreshToken)))
    func refreshToken(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("each of them is checked")
    func areChecked() {
        #expect(SignInConformanceTests.checks(SignInConformanceTests.login).count > 10)
        for type in [Plugins.authorizationCode, Plugins.implicit, Plugins.openID, Plugins.refreshToken] {
            #expect(SignInConformanceTests.checks(PluginUnderTest(type)).count > 5)
        }
    }
}
