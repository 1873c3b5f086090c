// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The plugins pass the kit's conformance tests", .timeLimit(.minutes(10)))
struct ConformanceTests {
    private static let client: JSON = [
        "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
        "scope": ["read", "write"], "auth": ["client_credentials": ["refresh_token": true]],
    ]

    @Test("jwt-token and opaque-token", arguments: ["jwt", "opaque"], TokenFormatConformance.checks)
    func formats(_ name: String, _ check: ConformanceCheck<TokenFormatUnderTest>) async throws {
        let server = try await TestServer(clients: [ConformanceTests.client])
        let plugins = try #require(server.core.generation).plugins
        let plugin = try #require(plugins.first { $0.registry.formats.contains { $0.name == name } })
        let format = try #require(plugin.registry.formats.first)
        try await check.run(TokenFormatUnderTest(format, store: plugin.host.store))
    }
}
