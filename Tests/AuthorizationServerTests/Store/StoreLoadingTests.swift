// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Synchronization
import Testing

@testable import AuthorizationServer

/// A store that is not portable, with a function in front of its writes.
private struct PlainStore: StoreLayer {
    let inner: any Store
    var before: @Sendable ([StoreWrite]) async throws -> Void = { _ in }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try await before(writes)
        return try await inner.write(writes)
    }
}

@Suite("A copy is loaded into a store", .timeLimit(.minutes(10)))
struct StoreLoadingTests {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let collections = [StoredUser.collection, Session.collection, CopyMark.collection]

    private static func checked(
        before: @escaping @Sendable ([StoreWrite]) async throws -> Void = { _ in }
    ) throws -> (CheckedStore, any Store) {
        let inner = try CountingStore.alone()
        return (CheckedStore(PlainStore(inner: inner, before: before), of: "plain-store"), inner)
    }

    private static func record(_ id: String, _ value: JSON = [:], in collection: String = "user") -> StoreRecord {
        StoreRecord(StoreKey(collection, id), value, expiresAt: now + .seconds(60))
    }

    private static func item(_ id: String, _ value: JSON = [:], isRedeemed: Bool = false) -> StoreItem {
        .record(record(id, value).stored(version: 7, isRedeemed: isRedeemed))
    }

    private static func load(_ store: CheckedStore, at now: Timestamp = now) async throws -> StoreLoading {
        try await StoreLoading("a copy", collections: collections, into: store, at: now)
    }

    private static func all(_ store: CheckedStore) async throws -> [StoreItem] {
        let reading = try await StoreReading(store, collections)
        var items: [StoreItem] = []
        while case let page = try await reading.next(), !page.isEmpty { items += page }
        await reading.close()
        return items
    }

    @Test("a store that is not portable gets each record once, with its mark of use, even if a batch was cut in half")
    func plain() async throws {
        let fails = Mutex(false)
        let (store, _) = try Self.checked { writes in
            // Between the records of a batch and the mark.
            if fails.withLock({ $0 }), writes.contains(where: { if case .replace = $0 { true } else { false } }) {
                throw StoreError("the disk is full")
            }
        }
        let items = (0..<1200).map { Self.item("u\($0)", ["n": .integer($0)], isRedeemed: $0 % 5 == 0) }
        let counter = StoreItem.counter(StoreCounter(StoreKey("user", "c"), count: 3, expiresAt: Self.now))
        let first = try await Self.load(store)
        try await first.add(Array(items[..<500]), covering: 500, at: Self.now)
        fails.withLock { $0 = true }
        await #expect(throws: StoreError.self) {
            try await first.add(Array(items[500..<1000]), covering: 500, at: Self.now)
        }
        fails.withLock { $0 = false }
        await #expect(throws: StoreError.self) { try await CopyMark.check(store) }
        let second = try await Self.load(store, at: Self.now + .seconds(11))
        #expect(second.done == 500)
        try await second.add(Array(items[500...]) + [counter], covering: 701, at: Self.now)
        #expect(second.lostCounters == 1)
        try await second.finish(at: Self.now, keepsTokens: nil)
        try await CopyMark.check(store)
        let expected = items.map { item in
            guard case .record(let record) = item else { return item }
            return .record(record.stored(version: record.isRedeemed ? 2 : 1, isRedeemed: record.isRedeemed))
        }
        let found = try await Self.all(store)
        #expect(found.count == expected.count && Set(found) == Set(expected))
    }

    @Test("two records with one key are refused by a store that is not portable too, in one batch or in two")
    func twice() async throws {
        for parts in [[["a", "a"]], [["a"], ["a"]]] {
            let (store, _) = try Self.checked()
            let loading = try await Self.load(store)
            await #expect(throws: StoreError.self) {
                for (number, part) in parts.enumerated() {
                    let items = part.enumerated().map { place, id in
                        Self.item(id, ["n": .integer(Int64(number + place))])
                    }
                    try await loading.add(items, covering: items.count, at: Self.now)
                }
            }
        }
    }

    @Test("what another command or another load has written before the mark is seen after it, and the mark goes")
    func raced() async throws {
        let other = try CountingStore.alone()
        let store = CheckedStore(
            PlainStore(inner: other) { writes in
                guard case .create(let mark)? = writes.first, mark.key == CopyMark.key else { return }
                _ = try await other.write([.create(Self.record("ann"))])
            }, of: "plain-store")
        let error = await #expect(throws: StoreError.self) { try await Self.load(store) }
        #expect(error?.message.contains("not empty") == true, "\(error as Any)")
        try await CopyMark.check(store)
        #expect(try await other.read(StoreKey("user", "ann")) != nil)
    }

    @Test("a load that is running keeps others out, also by a clock that is wrong, but not for longer than it should")
    func leases() async throws {
        for (begun, isFree) in [(0, false), (-9, false), (-10, true), (3600, true)] {
            let (store, _) = try Self.checked()
            _ = try await Self.load(store, at: Self.now + .seconds(begun))
            if isFree {
                _ = try await Self.load(store)
            } else {
                await #expect(throws: StoreError.self, "\(begun)") { try await Self.load(store) }
            }
        }
    }

    @Test("a restore ends what was issued before its own end, and --keep-tokens keeps what an earlier one has ended")
    func restored() async throws {
        let (store, _) = try Self.checked()
        _ = try await Self.load(store, at: Self.now)
        let again = try await Self.load(store, at: Self.now + .seconds(86400))
        let end = Self.now + .seconds(86500)
        try await again.finish(at: end, keepsTokens: false)
        let strict = try #require(try await Restoration.read(in: store))
        #expect(strict.ends(tokenFrom: end) && !strict.ends(tokenFrom: end + .seconds(1)))
        let (next, _) = try Self.checked()
        let keeping = try await Self.load(next, at: end)
        let rule = RestoreRule(keys: "key_ring", keepsTokens: true)
        let mark = try #require(rule.item(.record(strict.record.stored(version: 1, isRedeemed: false))))
        try await keeping.add([mark], covering: 1, at: end)
        let later = end + .seconds(1000)
        try await keeping.finish(at: later, keepsTokens: true)
        let kept = try #require(try await Restoration.read(in: next))
        #expect(kept.ends(tokenFrom: end) && !kept.ends(tokenFrom: end + .seconds(1)))
        #expect(kept.ends(interactionFrom: later))
        func mayHaveUsed(from issued: Int64?, until end: Int64) -> Bool {
            kept.mayHaveUsed(
                from: issued.map { later + .seconds($0) }, until: later + .seconds(end), longest: .seconds(60),
                leeway: .seconds(30))
        }
        #expect(mayHaveUsed(from: 30, until: 99) && !mayHaveUsed(from: 31, until: 99))
        #expect(mayHaveUsed(from: nil, until: 90) && !mayHaveUsed(from: nil, until: 91))
    }

    @Test("an item that could not be read again is not written to a copy")
    func unreadable() {
        for version in [0, -1, Int64.max, Int64.max - 1] {
            #expect(throws: CopyFault.self) {
                try CopyLine.json(.record(Self.record("a").stored(version: version, isRedeemed: false)))
            }
            let counter = StoreCounter(StoreKey("a", "b"), count: version, expiresAt: Self.now)
            #expect(throws: CopyFault.self) { try CopyLine.json(.counter(counter)) }
        }
    }
}
