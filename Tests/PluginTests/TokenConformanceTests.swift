// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

/// The refresh tokens are held to their rules together with their grant.
@Suite("Formats, extensions, filters, claims and participants of the server keep the rules", .timeLimit(.minutes(10)))
struct TokenConformanceTests {
    private static func checks(_ plugin: PluginUnderTest, _ roles: Set<Role>) -> [PluginCheck] {
        plugin.checks.filter { roles.contains($0.role) }
    }

    @Test("jwt-token", arguments: checks(PluginUnderTest(Plugins.jwtToken), [.tokenFormat]))
    func jwtToken(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test(
        "opaque-token",
        arguments: checks(PluginUnderTest(Plugins.opaqueToken), [.tokenFormat])
            + checks(PluginUnderTest(Plugins.opaqueToken, settings: ["prefix": ""]), [.tokenFormat]))
    func opaqueToken(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test(
        "openid",
        arguments: checks(PluginUnderTest(Plugins.openID), [.responseExtension, .claims])
            + checks(PluginUnderTest(Plugins.openID, settings: ["claims_in_id_token": true]), [.claims]))
    func openID(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let signingOut: PluginUnderTest = PluginUnderTest(Plugins.logout).on { host in
        host.clients.add(
            .test(id: "client-1", document: ["backchannel_logout_uri": "https://client.example.com/logout"]))
    }

    @Test("logout", arguments: checks(signingOut, [.revocation]))
    func logout(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("a session of a client with a back channel ends with a job")
    func job() async throws {
        let host = TestHost()
        let plugin = try await host.load(Plugins.logout)
        host.clients.add(
            .test(id: "client-1", document: ["backchannel_logout_uri": "https://client.example.com/logout"]))
        let ann = User(id: "ann", isActive: true, document: [:])
        host.sessions.add(.test(id: "s-1", user: ann, authenticatedAt: host.clock.now), clients: ["client-1"])
        try await plugin.revoke(.session("s-1"))
        #expect(try await host.jobs.queued().map(\.handler) == ["backchannel-logout"])
    }

    // MARK: devices

    private static let polling: PluginUnderTest = PluginUnderTest(Plugins.deviceAuthorization).admitting { plugin in
        try await TokenConformanceTests.poll(plugin)
    }

    @Test("device-authorization", arguments: checks(polling, [.tokenFilter]))
    func device(_ check: PluginCheck) async throws {
        try await check.run()
    }

    /// The first poll of a device whose user has not decided.
    private static func poll(_ plugin: TestPlugin) async throws -> TokenRequest {
        let host = plugin.host
        let code = host.lent.random(bytes: 32)
        let client = Client.test(id: "client-1", isPublic: true, grants: ["device_code"], scope: ["read", "write"])
        let limits = Authorization(subject: .client(client.id), limits: AccessLimits(scope: client.scope))
        let now = host.clock.now
        let row: JSON = [
            "client": .string(client.id), "address": "192.0.2.7", "requested": .integer(now.seconds),
            "usable_until": .integer(now.seconds + 600), "decision": "pending", "interval": 5,
            "limits": limits.stored,
        ]
        let key = StoreKey("device_code", host.lent.cryptography.digest(code))
        _ = try await host.records.write([.create(StoreRecord(key, row, expiresAt: now + .seconds(1200)))])
        let grant = try #require(plugin.registry.grants.first).declaration
        return .test(
            grant, from: client, ["device_code": code],
            head: RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7"))
    }

    @Test("of two polls at once, one is told to slow down")
    func pace() async throws {
        let plugin = try await TestHost().load(Plugins.deviceAuthorization)
        let request = try await TokenConformanceTests.poll(plugin)
        try await plugin.admit(request)
        let error = await #expect(throws: OAuthError.self) { try await plugin.admit(request) }
        #expect(error?.code.rawValue == "slow_down")
    }
}
