// SPDX-License-Identifier: Apache-2.0

import GRDB
import GrantKit
import Support
import Testing

@Suite("The log of changes of sqlite-store", .timeLimit(.minutes(10)))
struct SQLiteFeedTests {
    private func record(_ id: String) -> StoreRecord {
        StoreRecord(StoreKey("followed", id), [:], expiresAt: Timestamp(seconds: 1_900_000_000))
    }

    private func with(_ body: (any Store, DatabaseQueue) async throws -> Void) async throws {
        try await Stores.withFile { path in
            let made = try Stores.make(Stores.sqlite, ["path": .string(path)])
            try await made.plugin.start()
            var followed = StoreCollection("followed")
            followed.isFollowed = true
            try await made.store.prepare([followed])
            try await body(made.store, try DatabaseQueue(path: path))
            await made.plugin.stop()
        }
    }

    private func changes(_ store: any Store, after position: String?) async throws -> StoreChanges {
        try #require(try await store.changes(after: position, limit: 1000, within: .zero))
    }

    @Test("after a backup was restored into the file, the position is not known, also if its number is given again")
    func restored() async throws {
        try await with { store, file in
            for id in ["a", "b"] { _ = try await store.write([.create(record(id))]) }
            let position = try #require(try await changes(store, after: nil).position)
            let restore = """
                DELETE FROM change WHERE number = (SELECT max(number) FROM change);
                UPDATE sqlite_sequence SET seq = (SELECT max(number) FROM change) WHERE name = 'change'
                """
            try await file.write { try $0.execute(sql: restore) }
            #expect(try await changes(store, after: position).position == nil)
            for id in ["c", "d"] { _ = try await store.write([.create(record(id))]) }
            #expect(try await changes(store, after: position).position == nil)
            try await file.write { try $0.execute(sql: "DELETE FROM change") }
            #expect(try await changes(store, after: position).position == nil)
            #expect(try await changes(store, after: nil).position == nil)
        }
    }

    @Test("the log is trimmed with the purge, a position that is older is not known, and a newer one is")
    func trimming() async throws {
        try await with { store, file in
            let former = try #require(try await changes(store, after: nil).position)
            let many = """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100250)
                INSERT INTO change (mark, collection, id) SELECT 1, 'followed', 'x' FROM n
                """
            try await file.write { try $0.execute(sql: many) }
            let position = try #require(try await changes(store, after: nil).position)
            for _ in 0..<4 { _ = try await store.purge(expiredBefore: Timestamp(seconds: 1), limit: 100) }
            let left = try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM change") }
            #expect(left == 100_000)
            #expect(try await changes(store, after: former).position == nil)
            _ = try await store.write([.create(record("a"))])
            #expect(try await changes(store, after: position).keys.map(\.id) == ["a"])
        }
    }

    @Test(
        "an entry that another program has damaged is an error, and no end of the process", arguments: ["mark", "id"])
    func damaged(_ column: String) async throws {
        try await with { store, file in
            let position = try #require(try await changes(store, after: nil).position)
            _ = try await store.write([.create(record("a"))])
            try await file.write { try $0.execute(sql: "UPDATE change SET \(column) = x'00' WHERE number > 1") }
            await #expect(throws: StoreError.self) { try await changes(store, after: position) }
        }
    }
}
