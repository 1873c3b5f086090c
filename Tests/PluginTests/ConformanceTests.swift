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

    private func registries(_ server: TestServer) throws -> [Registry] {
        try #require(server.core.generation).plugins.map(\.registry)
    }

    /// A grant of a server, with requests that it accepts.
    private func grant(
        _ server: TestServer, _ wire: String, as client: String = "service",
        _ parameters: @escaping @Sendable (TestServer) async -> Parameters
    ) throws -> GrantUnderTest {
        let grants = try registries(server).flatMap(\.grants)
        let grant = try #require(grants.first { $0.declaration.wire == wire })
        return GrantUnderTest(grant, now: { server.clock.now }) {
            guard let client = try await server.core.clients.find(client) else { throw ConfigurationError("no client") }
            return TokenRequest(
                grant: grant.declaration, client: client, parameters: await parameters(server),
                head: RequestHead(method: "POST", path: "/auth/token"), allowed: AccessLimits(scope: ["read"]))
        }
    }

    @Test("client-credentials", arguments: GrantConformance.checks)
    func clientCredentials(_ check: ConformanceCheck<GrantUnderTest>) async throws {
        let server = try await TestServer(clients: [ConformanceTests.client])
        try await check.run(try grant(server, "client_credentials") { _ in [:] })
    }

    @Test("refresh-token", arguments: GrantConformance.checks)
    func refreshToken(_ check: ConformanceCheck<GrantUnderTest>) async throws {
        let server = try await TestServer(clients: [ConformanceTests.client])
        try await check.run(
            try grant(server, "refresh_token") { server in
                ["refresh_token": await server.token()["refresh_token"] ?? ""]
            })
    }

    @Test("authorization-code", arguments: GrantConformance.checks)
    func authorizationCode(_ check: ConformanceCheck<GrantUnderTest>) async throws {
        let server = try await Demo.server()
        try await check.run(
            try grant(server, "authorization_code", as: "house") { server in
                [
                    "code": await server.code().query["code"] ?? "", "redirect_uri": Demo.callback,
                    "code_verifier": Demo.verifier,
                ]
            })
    }

    @Test("password", arguments: GrantConformance.checks)
    func password(_ check: ConformanceCheck<GrantUnderTest>) async throws {
        let client: JSON = [
            "id": "desk", "secret": .string(Demo.secret), "grant_types": ["password"], "scope": ["read"],
        ]
        let server = try await Demo.server(Plugins.discouraged, clients: [client])
        try await check.run(
            try grant(server, "password", as: "desk") { _ in ["username": "ann", "password": Demo.password] })
    }

    @Test("device-authorization", arguments: GrantConformance.checks)
    func deviceAuthorization(_ check: ConformanceCheck<GrantUnderTest>) async throws {
        let server = try await Device.server()
        try await check.run(
            try grant(server, Device.grant, as: "tv") { server in
                ["device_code": await Device.approved(server)?.code ?? ""]
            })
    }

    @Test("jwt-token and opaque-token", arguments: ["jwt", "opaque"], TokenFormatConformance.checks)
    func formats(_ name: String, _ check: ConformanceCheck<TokenFormatUnderTest>) async throws {
        let server = try await TestServer(clients: [ConformanceTests.client])
        let plugins = try #require(server.core.generation).plugins
        let plugin = try #require(plugins.first { $0.registry.formats.contains { $0.name == name } })
        let format = try #require(plugin.registry.formats.first)
        try await check.run(TokenFormatUnderTest(format, store: plugin.host.store))
    }
}
