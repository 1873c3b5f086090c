// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
@_spi(Host) import GrantKitTesting
import Support
import Testing

@Suite("Every plugin of the server keeps the rules of the kit for plugins", .timeLimit(.minutes(10)))
struct PluginConformanceTests {
    private static let receivers: JSON = [
        ["url": "https://a.example/events", "secret": "s3cret"],
        ["url": "https://b.example/events", "events": ["issued"]],
    ]

    private static func plugin(_ type: any Plugin.Type) -> PluginUnderTest {
        switch type.manifest.id {
        case "audit-log": PluginUnderTest(type) { ["path": .string("\($0)/audit/audit.log")] }
        case "postgres-store": PluginUnderTest(type) { ["url": .string(PostgreSQLCluster.url($0)), "pool": 2] }
        case "sqlite-store": PluginUnderTest(type) { ["path": .string("\($0)/store/grantor.db")] }
        case "webhooks": PluginUnderTest(type, settings: ["receivers": receivers])
        default: PluginUnderTest(type)
        }
    }

    @Test("a plugin is named, read, made, started and stopped as a plugin should", arguments: Plugins.types.indices)
    func rules(_ place: Int) async throws {
        let checks = PluginConformanceTests.plugin(Plugins.types[place]).checks.filter { $0.role == .plugin }
        #expect(checks.count > 5)
        for check in checks {
            await #expect(throws: Never.self, "\(Plugins.types[place].manifest.id): \(check.rule)") {
                try await check.run()
            }
        }
    }

    @Test("the kit knows the names of the server's collections")
    func collections() {
        let known = ServerNames.all.first { $0.what == "collection" }?.names ?? []
        #expect(known.sorted() == (ServerCore.collections.map(\.name) + ["key_ring"]).sorted())
    }
}
