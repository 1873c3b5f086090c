// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
@_spi(Host) import GrantKit
import PostgreSQLStore
import Support
import Synchronization
import Testing

@Suite("The log of changes of postgres-store", .timeLimit(.minutes(20)))
struct PostgreSQLFeedTests {
    private static let later = Timestamp(seconds: 1_900_000_000)

    private func record(_ id: String) -> StoreRecord {
        StoreRecord(StoreKey("followed", id), [:], expiresAt: Self.later)
    }

    /// Runs a test with a node for each of some settings, on the same tables.
    private func with(
        _ name: String, _ nodes: [JSON] = [[:]],
        _ body: ([any Store], (_ sql: String) throws -> String) async throws -> Void
    ) async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let database = try cluster.database(name)
        let url = "postgresql://postgres@/\(database)?host=\(cluster.folder)"
        var made: [(plugin: any Plugin, store: any Store)] = []
        var followed = StoreCollection("followed")
        followed.isFollowed = true
        for more in nodes {
            var settings: JSON = ["url": .string(url), "pool": 4, "statement_timeout": "60s"]
            for member in more.members { settings[member.name] = member.value }
            let node = try Stores.make(Stores.postgreSQL, settings)
            try await node.plugin.start()
            try await node.store.prepare([followed])
            made.append(node)
        }
        do { try await body(made.map(\.store)) { try cluster.sql($0, in: database) } } catch {
            for node in made { await node.plugin.stop() }
            throw error
        }
        for node in made { await node.plugin.stop() }
    }

    private func position(_ store: any Store) async throws -> String {
        try #require(try await store.changes(after: nil, limit: 1, within: .zero)?.position)
    }

    private func changes(_ store: any Store, after position: String) async throws -> StoreChanges {
        try #require(try await store.changes(after: position, limit: 1000, within: .zero))
    }

    // MARK: order

    @Test("a transaction that has not committed hides no later one, whatever the order of the commits")
    func commitOrder() async throws {
        try await with("feedorder", [[:], [:], [:]]) { nodes, _ in
            let start = try await position(nodes[0])
            async let followed = follow(nodes[2], from: start, count: 600)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<60 {
                    group.addTask {
                        for round in 0..<10 {
                            let outcome = try await nodes[writer % 2].write([.create(record("\(writer) \(round)"))])
                            #expect(outcome == .committed)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await followed.count == 600)
        }
    }

    private func follow(_ store: any Store, from start: String, count: Int) async throws -> Set<String> {
        var (position, found) = (start, Set<String>())
        while found.count < count {
            let changes = try await changes(store, after: position)
            for key in changes.keys { #expect(found.insert(key.id).inserted, "\(key.id) was reported twice") }
            position = try #require(changes.position)
            try Task.checkCancellation()
        }
        return found
    }

    @Test("numbers are given under a lock, and another session that holds it delays the commit and not its visibility")
    func lock() async throws {
        try await with("feedlock") { nodes, sql in
            let start = try await position(nodes[0])
            // The lock of the log is held for two seconds by somebody who has already taken a number.
            let held = Task.detached {
                try PostgreSQLCluster.shared.get().sql(
                    """
                    BEGIN; SELECT pg_advisory_xact_lock(\(0x6772_616e_746f_7202));
                    INSERT INTO grantor_change (mark, collection, id) VALUES (7, 'followed', 'first');
                    SELECT pg_sleep(2); COMMIT
                    """, in: "tfeedlock")
            }
            let isHeld = try await Patience.wait {
                try sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") != "0"
            }
            #expect(isHeld)
            let write = Task { try await nodes[0].write([.create(record("second"))]) }
            var (position, found) = (start, [String]())
            let isFound = try await Patience.wait {
                let changes = try await changes(nodes[0], after: position)
                found += changes.keys.map(\.id)
                position = try #require(changes.position)
                return found.count == 2
            }
            #expect(isFound && found == ["first", "second"])
            _ = try await held.value
            #expect(try await write.value == .committed)
        }
    }

    // MARK: what is lost

    @Test("after commits were lost, as in a failover or when a backup is restored, the position is not known")
    func lostCommits() async throws {
        try await with("feedlost") { nodes, sql in
            for id in ["a", "b"] { _ = try await nodes[0].write([.create(record(id))]) }
            let position = try await position(nodes[0])
            _ = try sql("DELETE FROM grantor_change WHERE number = (SELECT max(number) FROM grantor_change)")
            #expect(try await changes(nodes[0], after: position).position == nil)
            // The same number is given again.
            _ = try sql(
                """
                SELECT setval(pg_get_serial_sequence('grantor_change', 'number'), max(number)) FROM grantor_change
                """)
            for id in ["c", "d"] { _ = try await nodes[0].write([.create(record(id))]) }
            #expect(try await changes(nodes[0], after: position).position == nil)
            _ = try sql("DELETE FROM grantor_change")
            #expect(try await changes(nodes[0], after: position).position == nil)
            #expect(try await nodes[0].changes(after: nil, limit: 1, within: .zero)?.position == nil)
        }
    }

    @Test("the log is trimmed with the purge, and a position that is older is not known")
    func trimming() async throws {
        try await with("feedtrim") { nodes, sql in
            let position = try await position(nodes[0])
            _ = try sql(
                """
                INSERT INTO grantor_change (mark, collection, id) SELECT 1, 'followed', 'x' FROM generate_series(1, 100250)
                """)
            for _ in 0..<4 { _ = try await nodes[0].purge(expiredBefore: Timestamp(seconds: 1), limit: 100) }
            #expect(try sql("SELECT count(*) FROM grantor_change") == "100000")
            #expect(try await changes(nodes[0], after: position).position == nil)
        }
    }

    @Test("a commit that survives a crash of the database is reported after it, and the node listens again")
    func crash() async throws {
        let cluster = try PostgreSQLCluster(["fsync=on"])
        let url = "postgresql://postgres@/postgres?host=\(cluster.folder)"
        let node = try Stores.make(
            Stores.postgreSQL, ["url": .string(url), "pool": 2, "statement_timeout": "60s"])
        try await node.plugin.start()
        var followed = StoreCollection("followed")
        followed.isFollowed = true
        try await node.store.prepare([followed])
        let position = try await position(node.store)
        _ = try await node.store.write([.create(record("before"))])
        cluster.stop(SIGQUIT)
        try cluster.start()
        let isBack = try await Patience.wait { (try? await changes(node.store, after: position)) != nil }
        #expect(isBack)
        // A conflict means that the commit before, whose answer was lost, was made.
        let isWritten = try await Patience.wait { (try? await node.store.write([.create(record("after"))])) != nil }
        #expect(isWritten)
        #expect(try await changes(node.store, after: position).keys.map(\.id) == ["before", "after"])
        await node.plugin.stop()
    }

    // MARK: notifications

    /// Waits for a change at the second node, which the first one makes.
    ///
    /// - Returns: Whether it was reported, and how long that took.
    private func wake(
        _ nodes: [any Store], atMost patience: Duration
    ) async throws -> (isReported: Bool, time: Duration) {
        let position = try await position(nodes[1])
        // What was there before it waits does not count.
        _ = try await nodes[1].changes(after: position, limit: 10, within: .zero)
        let start = ContinuousClock.now
        async let waiting = nodes[1].changes(after: position, limit: 10, within: patience)
        try await Task.sleep(for: .milliseconds(300))
        _ = try await nodes[0].write([.create(record("a\(UInt32.random(in: 0 ... .max))"))])
        let found = try await waiting
        return (found?.keys.count == 1, ContinuousClock.now - start)
    }

    /// Waits until the second node listens, which it does some time after its start.
    private func isWoken(_ nodes: [any Store]) async throws -> Bool {
        for _ in 0..<20 {
            let woken = try await wake(nodes, atMost: .seconds(20))
            if woken.isReported, woken.time < .seconds(20) { return true }
        }
        return false
    }

    @Test("a node that waits is told of a change at once")
    func notifications() async throws {
        try await with("feednotify", [[:], [:]]) { nodes, _ in
            let isWoken = try await isWoken(nodes)
            #expect(isWoken)
        }
    }

    @Test("without notifications a node finds a change when it has waited", arguments: ["off", "pooled"])
    func polling(_ kind: String) async throws {
        let bouncer = try PgBouncer(try PostgreSQLCluster.shared.get())
        let settings: JSON =
            kind == "off"
            ? ["notifications": false]
            : ["url": .string(bouncer.url("tfeedpoll\(kind)")), "prepared_statements": false]
        try await with("feedpoll\(kind)", [[:], settings]) { nodes, _ in
            for _ in 0..<2 {
                let woken = try await wake(nodes, atMost: .seconds(2))
                #expect(woken.isReported && woken.time >= .seconds(2))
            }
        }
    }

    @Test("behind PgBouncer in transaction mode, a node listens at a URL of its own")
    func directURL() async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let bouncer = try PgBouncer(cluster)
        let direct = "postgresql://postgres@/tfeeddirect?host=\(cluster.folder)"
        let settings: JSON = [
            "url": .string(bouncer.url("tfeeddirect")), "prepared_statements": false, "notifications": .string(direct),
        ]
        try await with("feeddirect", [settings, settings]) { nodes, _ in
            let isWoken = try await isWoken(nodes)
            #expect(isWoken)
        }
    }

    private static let wrong: [JSON] = [1, "yes", "http://x", "postgres://a?b=c"]

    @Test("'notifications' takes true, false and a URL, and nothing else", arguments: wrong)
    func settings(_ value: JSON) throws {
        let source = NotingSettings(["url": "postgresql:///a", "notifications": value])
        do {
            _ = try Stores.postgreSQL.init(settings: Settings(source), host: NoHost())
        } catch let error as ConfigurationError {
            source.report(error.message, at: error.key ?? "")
        }
        #expect(source.keys.withLock { $0 } == ["notifications"])
    }
}

/// Settings that note the keys of problems.
private final class NotingSettings: SettingsSource {
    let members: JSON
    let keys = Mutex<[String]>([])
    init(_ members: JSON) { self.members = members }
    func value(of declaration: SettingDeclaration) -> JSON? { members[declaration.key] }
    func report(_ problem: String, at key: String) { keys.withLock { $0.append(key) } }
    func declare(_ attribute: AttributeDeclaration) {}
}
#endif
