// SPDX-License-Identifier: Apache-2.0

import GrantKit
import GrantKitTesting
import Support
import Testing

@Suite("The server's event sinks, outboxes and jobs keep the rules of the kit", .timeLimit(.minutes(10)))
struct EventConformanceTests {
    private static let file: PluginUnderTest = PluginUnderTest(Plugins.auditLog) {
        ["path": .string("\($0)/audit/audit.log")]
    }

    @Test("audit-log", arguments: file.checks)
    func auditLog(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let receivers: JSON = [
        ["url": "https://a.example/events"],
        ["url": "https://b.example/events", "events": ["issued", "session_ended"], "secret": "s3cret"],
    ]
    private static let pushing: PluginUnderTest = PluginUnderTest(Plugins.webhooks, settings: ["receivers": receivers])
        .on { $0.network.respond { _ in OutboundReply(status: 202) } }

    @Test("webhooks", arguments: pushing.checks)
    func webhooks(_ check: PluginCheck) async throws {
        try await check.run()
    }

    private static let shop = Client.test(
        id: "shop", document: ["id": "shop", "backchannel_logout_uri": "https://shop.example/logout"])
    private static let leaving: PluginUnderTest = PluginUnderTest(Plugins.logout)
        .on { host in
            host.clients.add(shop)
            host.network.respond { _ in OutboundReply(status: 200) }
        }
        .queuing("backchannel-logout") { _ in ["client": "shop", "sid": "session-1", "sub": "ann", "jti": "job-1"] }

    @Test("the jobs of logout", arguments: leaving.checks.filter { $0.role == .job })
    func logout(_ check: PluginCheck) async throws {
        try await check.run()
    }
}
