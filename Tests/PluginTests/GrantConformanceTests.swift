// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The grants of the server keep the rules of the kit", .timeLimit(.minutes(10)))
struct GrantConformanceTests {
    private static let client: PluginUnderTest = PluginUnderTest(Plugins.clientCredentials)

    @Test("client-credentials", arguments: client.checks)
    func clientCredentials(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let user: PluginUnderTest = PluginUnderTest(Plugins.password)
        .on { $0.users.add(User(id: "ann", isActive: true, document: [:]), password: "correct horse") }
        .accepting("password") { _ in ["username": "ann", "password": "correct horse"] }

    @Test("password", arguments: user.checks)
    func password(_ check: PluginCheck) async throws {
        try await check.run()
    }

    /// A client whose tokens for 'client_credentials' come with refresh tokens.
    private static let service = Client.test(
        id: "client-1", grants: ["client_credentials", "refresh_token"], scope: ["read", "write"],
        document: ["auth": ["client_credentials": ["refresh_token": true]]])

    private static let refresh: PluginUnderTest = PluginUnderTest(Plugins.refreshToken)
        .accepting("refresh_token", from: service) { plugin in
            ["refresh_token": try await GrantConformanceTests.refreshToken(of: plugin)]
        }

    @Test("refresh-token", arguments: refresh.checks)
    func refreshToken(_ check: PluginCheck) async throws {
        try await check.run()
    }

    /// A refresh token that the plugin has added to the response of another grant.
    private static func refreshToken(of plugin: TestPlugin) async throws -> String {
        let grant = GrantDeclaration("client_credentials", client: .confidential)
        let client = service
        let authorization = Authorization(subject: .client(client.id), limits: AccessLimits(scope: client.scope))
        var issuance = Issuance.test(
            authorization.asIssued(under: grant.key), to: client, for: .token(.test(grant, from: client)),
            at: plugin.host.clock.now)
        for added in plugin.registry.extensions { try await added.extend(&issuance) }
        _ = try await plugin.host.records.write(issuance.writes)
        return try #require(issuance["refresh_token"])
    }
}
