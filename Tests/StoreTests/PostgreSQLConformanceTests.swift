// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import GrantKit
import GrantKitTesting
import PostgreSQLStore
import Support
import Testing

@Suite("postgres-store keeps the rules of the kit, against a server", .timeLimit(.minutes(30)))
struct PostgreSQLConformanceTests {
    /// The settings of a store with tables of its own.
    private static let directStore: PluginUnderTest = PluginUnderTest(Stores.postgreSQL) { folder in
        // Slow machines are no failure.
        ["url": .string(PostgreSQLCluster.url(folder)), "pool": 4, "statement_timeout": "60s"]
    }

    private static let pooledStore: PluginUnderTest = PluginUnderTest(Stores.postgreSQL) { folder in
        guard folder != "/" else { return ["url": .string(PostgreSQLCluster.nowhere)] }
        let database = (try? PostgreSQLCluster.shared.get().database(folder)) ?? ""
        let url = (try? bouncer.get().url(database)) ?? PostgreSQLCluster.nowhere
        return ["url": .string(url), "pool": 4, "statement_timeout": "60s", "prepared_statements": false]
    }

    private static let bouncer: Result<PgBouncer, any Error> = Result {
        try PgBouncer(try PostgreSQLCluster.shared.get())
    }

    @Test("the requirements of these tests are met wherever the project tests itself")
    func complete() throws {
        _ = try PostgreSQLCluster.shared.get()
        _ = try PostgreSQLConformanceTests.bouncer.get()
    }

    @Test("with prepared statements", arguments: directStore.checks)
    func direct(_ check: PluginCheck) async throws {
        try await check.run()
    }

    @Test("behind PgBouncer in transaction mode", arguments: pooledStore.checks.filter { $0.role == .store })
    func pooled(_ check: PluginCheck) async throws {
        try await check.run()
    }
}
#endif
