// SPDX-License-Identifier: Apache-2.0

#if POSTGRESQL
import Foundation
import GrantKit
import PostgreSQLStore
import Support
import Testing

@Suite("Transactions of postgres-store", .timeLimit(.minutes(20)))
struct PostgreSQLTransactionTests {
    private static let later = Timestamp(seconds: 1_900_000_000)

    private func record(_ id: String, expiresAt: Timestamp = later) -> StoreRecord {
        StoreRecord(StoreKey("a", id), [:], expiresAt: expiresAt, indexes: ["by": "one"])
    }

    /// Runs a test with some nodes on the same empty tables.
    private func with(
        _ name: String, nodes count: Int = 1, _ body: ([any Store], PostgreSQLCluster) async throws -> Void
    ) async throws {
        let cluster = try PostgreSQLCluster.shared.get()
        let url = try cluster.schema(name)
        var nodes: [(plugin: any Plugin, store: any Store)] = []
        for _ in 0..<count {
            let node = try Stores.make(
                Stores.postgreSQL, ["url": .string(url), "pool": 4, "statement_timeout": "60s"])
            try await node.plugin.start()
            nodes.append(node)
        }
        do { try await body(nodes.map(\.store), cluster) } catch {
            for node in nodes { await node.plugin.stop() }
            throw error
        }
        for node in nodes { await node.plugin.stop() }
    }

    @Test("of two writes that each need the absence of what the other creates, one is committed")
    func skew() async throws {
        try await with("skew", nodes: 2) { nodes, _ in
            for round in 0..<60 {
                let keys = ["left \(round)", "right \(round)"]
                let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for place in 0...1 {
                        group.addTask {
                            try await nodes[place].write([
                                .absent(StoreKey("a", keys[1 - place])), .create(record(keys[place])),
                            ]) == .committed
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(outcomes.count(where: \.self) == 1)
            }
        }
    }

    @Test("nodes that write the same keys in different orders take turns, and none gives up")
    func orders() async throws {
        try await with("orders", nodes: 3) { nodes, _ in
            let keys = (0..<6).map { StoreKey("a", "\($0)") }
            _ = try await nodes[0].write(keys.map { .create(record($0.id)) })
            let changed = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<30 {
                    group.addTask {
                        var committed = 0
                        while committed < 3 {
                            let some = Array(keys.shuffled().prefix(3))
                            let found = try await nodes[number % 3].read(some).compactMap(\.self)
                            let writes = found.map { StoreWrite.replace($0, ifVersion: $0.version) }
                            if try await nodes[number % 3].write(writes) == .committed { committed += 1 }
                        }
                        return committed * 3
                    }
                }
                return try await group.reduce(0, +)
            }
            let versions = try await nodes[0].read(keys).compactMap { $0?.version }
            #expect(versions.reduce(0, +) == Int64(6 + changed))
        }
    }

    @Test("a single-use value is used once, whichever node it is presented to")
    func once() async throws {
        try await with("once", nodes: 3) { nodes, _ in
            for round in 0..<20 {
                _ = try await nodes[0].write([.create(record("\(round)"))])
                let used = try await withThrowingTaskGroup(of: Bool.self) { group in
                    for number in 0..<9 {
                        group.addTask {
                            try await nodes[number % 3].write([
                                .redeem(StoreKey("a", "\(round)")), .create(record("\(round) \(number)")),
                            ]) == .committed
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(used.count(where: \.self) == 1)
            }
        }
    }

    @Test("tables in other schemas of one database have other locks")
    func otherTables() async throws {
        try await with("lockone", nodes: 2) { nodes, cluster in
            try await with("locktwo") { others, _ in
                for store in [nodes[0], others[0]] { _ = try await store.write([.create(record("a"))]) }
                let held = Task.detached {
                    try cluster.sql(
                        "BEGIN; SELECT 1 FROM tlockone.grantor_record FOR UPDATE; SELECT pg_sleep(6); COMMIT")
                }
                try await Patience.wait {
                    try cluster.sql("SELECT count(*) FROM tlockone.grantor_record WHERE xmax <> 0") == "1"
                }
                // It has the locks of its key, and waits for the row.
                async let first = nodes[0].write([.redeem(StoreKey("a", "a"))])
                try await Patience.wait { try PostgreSQLTransactionTests.waiting(cluster) == 1 }
                async let second = nodes[1].write([.delete(StoreKey("a", "a"))])
                try await Patience.wait { try PostgreSQLTransactionTests.waiting(cluster) == 2 }
                #expect(try await others[0].write([.redeem(StoreKey("a", "a"))]) == .committed)
                let still = try PostgreSQLTransactionTests.waiting(cluster)
                #expect(still == 2, "the other tables did not wait for these")
                _ = try await held.value
                let outcomes = try await [first, second]
                #expect(outcomes == [.committed, .committed])
            }
        }
    }

    /// The number of sessions with a transaction on the tables of 'otherTables' that wait for a lock.
    private static func waiting(_ cluster: PostgreSQLCluster) throws -> Int {
        let count = try cluster.sql(
            """
            SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted
            AND pid NOT IN (SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep%')
            """)
        return Int(count) ?? 0
    }

    @Test("counters are shared")
    func counters() async throws {
        try await with("counters", nodes: 3) { nodes, _ in
            let counted = try await withThrowingTaskGroup(of: Int64.self) { group in
                for number in 0..<90 {
                    group.addTask {
                        try await nodes[number % 3].increment(
                            StoreKey("a", "c"), expiresAt: PostgreSQLTransactionTests.later,
                            now: Timestamp(seconds: 1))
                    }
                }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect(counted == Set(1...90))
        }
    }

    @Test("a write that fails does not fail others")
    func neighbours() async throws {
        try await with("neighbours") { nodes, cluster in
            try cluster.sql(
                """
                CREATE FUNCTION tneighbours.refuse() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE EXCEPTION USING ERRCODE = '23514'; END $$;
                CREATE TRIGGER t BEFORE INSERT ON tneighbours.grantor_record FOR EACH ROW
                WHEN (new.id = 'bad') EXECUTE FUNCTION tneighbours.refuse()
                """)
            let results = await withTaskGroup(of: (String, Bool).self) { group in
                for number in 0..<40 {
                    let id = number == 13 ? "bad" : "n\(number)"
                    group.addTask { (id, (try? await nodes[0].write([.create(record(id))])) == .committed) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count == 40 && results.allSatisfy { $0.1 == ($0.0 != "bad") }, "\(results)")
        }
    }

    @Test("one write is one transaction, many at once share a few, and reading is none")
    func transactions() async throws {
        // Alone, since all transactions of a server are counted.
        let cluster = try PostgreSQLCluster()
        let node = try Stores.make(
            Stores.postgreSQL, ["url": .string(try cluster.schema("one")), "statement_timeout": "60s"])
        try await node.plugin.start()
        func count() throws -> Int {
            Int(try cluster.sql("SELECT pg_snapshot_xmax(pg_current_snapshot())")) ?? 0
        }
        _ = try await node.store.read(StoreKey("a", "a"))
        var before = try count()
        _ = try await node.store.write([.create(record("a")), .absent(StoreKey("a", "b"))])
        #expect(try count() - before == 1)
        before = try count()
        _ = try await node.store.write([
            .redeem(StoreKey("a", "a")), .create(record("c")), .absent(StoreKey("a", "b")),
        ])
        #expect(try count() - before == 1)
        before = try count()
        _ = try await node.store.read([StoreKey("a", "a"), StoreKey("a", "b")])
        _ = try await node.store.page("a", after: nil, limit: 9)
        _ = try await node.store.find("a", by: "by", equals: "one", after: nil, limit: 9)
        #expect(try await node.store.write([.create(record("a"))]) != .committed)
        #expect(try count() - before == 0)
        before = try count()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<400 { group.addTask { _ = try? await node.store.write([.create(record("m\(number)"))]) } }
        }
        let shared = try count() - before
        #expect(shared < 100, "400 writes at once took \(shared) transactions")
        await node.plugin.stop()
    }

    @Test("a purge waits for nobody, and leaves what is in use for the next time")
    func purge() async throws {
        try await with("purge") { nodes, cluster in
            let old = Timestamp(seconds: 1000)
            _ = try await nodes[0].write((0..<20).map { .create(record("\($0)", expiresAt: old)) })
            let held = Task.detached {
                try cluster.sql(
                    """
                    BEGIN; SELECT 1 FROM tpurge.grantor_record WHERE id = '7' FOR UPDATE; SELECT pg_sleep(6);
                    COMMIT
                    """)
            }
            // Until the other transaction has its row.
            let isHeld = "SELECT count(*) FROM tpurge.grantor_record WHERE id = '7' AND xmax <> 0"
            for _ in 0..<100 {
                if try cluster.sql(isHeld) == "1" { break }
                try await Task.sleep(for: .milliseconds(20))
            }
            var purged = 0
            purged += try await nodes[0].purge(expiredBefore: Timestamp(seconds: 2000), limit: 100)
            #expect(purged == 19)
            _ = try await held.value
            purged += try await nodes[0].purge(expiredBefore: Timestamp(seconds: 2000), limit: 100)
            #expect(purged == 20)
            #expect(try cluster.sql("SELECT count(*) FROM tpurge.grantor_index") == "0")
        }
    }

    @Test("a record that another program has broken is an error, and can be deleted and purged all the same")
    func broken() async throws {
        try await with("broken") { nodes, cluster in
            _ = try await nodes[0].write(["a", "b", "secret-of-the-row"].map { .create(record($0)) })
            try cluster.sql("UPDATE tbroken.grantor_record SET value = '{oops', expires_at = 1 WHERE id <> 'a'")
            do {
                _ = try await nodes[0].read(StoreKey("a", "secret-of-the-row"))
                Issue.record("read")
            } catch let error as StoreError {
                #expect(error.message.contains("collection 'a'") && !error.message.contains("secret-of"))
            }
            #expect(try await nodes[0].read(StoreKey("a", "a")) != nil)
            #expect(try await nodes[0].write([.delete(StoreKey("a", "b"))]) == .committed)
            #expect(try await nodes[0].purge(expiredBefore: Timestamp(seconds: 9), limit: 9) == 1)
        }
    }

    @Test("keys that are too long for the index are an error of their own write")
    func long() async throws {
        try await with("long") { nodes, _ in
            // Random, since PostgreSQL compresses long keys.
            let long = String(decoding: (0..<6000).map { _ in UInt8.random(in: 33...126) }, as: UTF8.self)
            await #expect(throws: StoreError.self) { try await nodes[0].write([.create(record(long))]) }
            let next = try await nodes[0].write([.create(record("short"))])
            #expect(next == .committed)
        }
    }
}
#endif
