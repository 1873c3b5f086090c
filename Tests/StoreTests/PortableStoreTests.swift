// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Synchronization
import Testing

/// Writes pairs of records, each pair in one commit, until it is told to stop.
private final class PairWriting: Sendable {
    let isDone = Atomic<Bool>(false)
    let made = Atomic<Int>(0)
    private let store: any PortableStore

    init(_ store: any PortableStore) {
        self.store = store
    }

    func run(_ writer: Int) async throws {
        for number in 0..<20_000 where !isDone.load(ordering: .relaxed) {
            // The ends of the keys, so that the two are far from each other in every order.
            let ids = ["a\(writer)-\(number)", "z\(writer)-\(number)"]
            _ = try await store.write(ids.map { .create(PortableStoreTests.record($0)) })
            made.add(1, ordering: .relaxed)
        }
    }
}

extension StoreItem {
    fileprivate var recordID: String? {
        if case .record(let record) = self { record.key.id } else { nil }
    }
}

@Suite("A store is copied exactly, at one moment", .timeLimit(.minutes(20)))
struct PortableStoreTests {
    private static let stores: [String] = {
        #if POSTGRESQL
        ["sqlite", "postgres"]
        #else
        ["sqlite"]
        #endif
    }()

    fileprivate static let far = Timestamp(seconds: 4_000_000_000)

    private func with(_ kind: String, _ body: (any PortableStore) async throws -> Void) async throws {
        try await Stores.withFile { path in
            var made = try Stores.make(Stores.sqlite, ["path": .string(path)])
            #if POSTGRESQL
            if kind == "postgres" {
                let url = try PostgreSQLCluster.shared.get().schema()
                made = try Stores.make(Stores.postgreSQL, ["url": .string(url), "pool": 4, "statement_timeout": "60s"])
            }
            #endif
            let store = try #require(made.store as? any PortableStore)
            let before = try await store.inspect(at: Self.far)
            #expect(before.version == 0 && before.newestVersion == 2 && before.collections.isEmpty)
            try await made.plugin.start()
            try await body(store)
            await made.plugin.stop()
        }
    }

    private static func all(_ snapshot: any StoreSnapshot) async throws -> [StoreItem] {
        var items: [StoreItem] = []
        while case let next = try await snapshot.next(), !next.isEmpty {
            #expect(next.count <= 500)
            items += next
        }
        #expect(try await snapshot.next().isEmpty)
        await snapshot.close()
        return items
    }

    fileprivate static func record(_ id: String, _ value: JSON = [:]) -> StoreRecord {
        StoreRecord(StoreKey("pairs", id), value, expiresAt: far)
    }

    @Test("a snapshot has both records of each commit or none, while four writers commit", arguments: stores)
    func consistent(_ kind: String) async throws {
        try await with(kind) { store in
            let work = PairWriting(store)
            let writers = (0..<4).map { number in Task { try await work.run(number) } }
            for _ in 0..<3 {
                let start = work.made.load(ordering: .relaxed)
                try await Patience.wait { work.made.load(ordering: .relaxed) > start + 100 }
                let ids = Set(try await Self.all(try await store.snapshot()).compactMap(\.recordID))
                #expect(ids.count >= 200)
                #expect(ids.allSatisfy { ids.contains(($0.hasPrefix("a") ? "z" : "a") + $0.dropFirst()) })
            }
            work.isDone.store(true, ordering: .relaxed)
            for writer in writers { try await writer.value }
        }
    }

    @Test("items come back as they were loaded, and work like those that the store has written", arguments: stores)
    func loaded(_ kind: String) async throws {
        try await with(kind) { store in
            var indexed = Self.record("b", ["n": 1])
            indexed.indexes = ["owner": "ann", "odd": "x\u{0}\u{1}y"]
            let items: [StoreItem] = [
                .record(Self.record("a\u{0}").stored(version: 17, isRedeemed: true)),
                .record(indexed.stored(version: 3, isRedeemed: false)),
                .counter(StoreCounter(StoreKey("counts", "c"), count: 41, expiresAt: Self.far)),
            ]
            let mark = StoreRecord(StoreKey("marks", "m"), ["n": 0], expiresAt: Self.far)
            #expect(try await store.write([.create(mark)]) == .committed)
            var next = mark.stored(version: 1, isRedeemed: false)
            next.value = ["n": 1]
            next = next.stored(version: 1, isRedeemed: false)
            #expect(try await store.load(items, moving: next))
            #expect(try await store.load([], moving: next) == false, "the mark has moved")
            let found = try await Self.all(try await store.snapshot())
            let expected = items + [.record(next.stored(version: 2, isRedeemed: false))]
            #expect(Set(found) == Set(expected) && found.count == 4)
            let (used, fresh) = (StoreKey("pairs", "a\u{0}"), StoreKey("pairs", "b"))
            let again = try await store.write([.redeem(used)])
            #expect(again != .committed)
            let owned = try await store.find("pairs", by: "owner", equals: "ann", after: nil, limit: 9)
            #expect(owned.map(\.key) == [fresh])
            #expect(try await store.write([.replace(indexed, ifVersion: 3), .delete(used)]) == .committed)
            let count = try await store.increment(
                StoreKey("counts", "c"), expiresAt: Self.far, now: Timestamp(seconds: 0))
            #expect(count == 42)
        }
    }

    @Test("a batch with a record that exists is not loaded at all, and the mark stays", arguments: stores)
    func collision(_ kind: String) async throws {
        try await with(kind) { store in
            let mark = StoreRecord(StoreKey("marks", "m"), [:], expiresAt: Self.far)
            #expect(try await store.write([.create(mark), .create(Self.record("b"))]) == .committed)
            let items = ["a", "b", "c"].map { StoreItem.record(Self.record($0).stored(version: 1, isRedeemed: false)) }
            let moving = mark.stored(version: 1, isRedeemed: false)
            await #expect(throws: StoreError.self) { _ = try await store.load(items, moving: moving) }
            let left = try await Self.all(try await store.snapshot())
            #expect(left.count == 2)
            #expect(try await store.load([items[0]], moving: moving))
        }
    }

    @Test("sizes are counted by collection, with what has expired", arguments: stores)
    func sizes(_ kind: String) async throws {
        try await with(kind) { store in
            let old = StoreRecord(StoreKey("pairs", "old"), [:], expiresAt: Timestamp(seconds: 5))
            #expect(try await store.write([.create(old), .create(Self.record("new"))]) == .committed)
            _ = try await store.increment(StoreKey("counts", "c"), expiresAt: Self.far, now: Timestamp(seconds: 0))
            let found = try await store.inspect(at: Timestamp(seconds: 100))
            #expect(found.version == 2 && (found.size ?? 0) > 0 && !found.isEstimated)
            #expect(
                Set(found.collections) == [
                    .init("pairs", records: 2, counters: 0, expired: 1), .init("counts", records: 0, counters: 1),
                ])
        }
    }
}
