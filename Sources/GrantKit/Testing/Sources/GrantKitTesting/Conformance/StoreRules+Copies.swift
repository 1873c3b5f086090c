// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    private static let counted = StoreKey("relaxed", "count")

    /// Everything in a store, read by a snapshot.
    private static func all(_ snapshot: any StoreSnapshot) async throws -> [StoreItem] {
        var items: [StoreItem] = []
        while case let page = try await snapshot.next(), !page.isEmpty {
            try expect(page.count <= 500, "a page of a snapshot has \(page.count) items, and 500 are allowed")
            items += page
        }
        try expect(try await snapshot.next().isEmpty, "a snapshot continues after its end")
        await snapshot.close()
        return items
    }

    private static func all(_ store: any PortableStore) async throws -> Set<StoreItem> {
        Set(try await all(try await store.snapshot()))
    }

    private static func stored(_ record: StoreRecord, version: Int64 = 1, isRedeemed: Bool = false) -> StoreItem {
        .record(record.stored(version: version, isRedeemed: isRedeemed))
    }

    /// Creates the mark of a load.
    private static func mark(_ store: any Store) async throws -> StoreRecord {
        try await commit(store, .create(record("mark", ["done": 0])))
        return record("mark", ["done": 1]).stored(version: 1, isRedeemed: false)
    }

    static func copiesAll(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let records = (0..<700).map { record("r\($0)", ["n": .integer($0)], ["owner": "ann"]) }
        let other = StoreRecord(StoreKey("elsewhere", "é\u{0}"), "x", expiresAt: later)
        _ = try await store.write((records + [other]).map { .create($0) })
        try await commit(store, .redeem(key("r7")))
        for _ in 0..<3 { _ = try await store.increment(counted, expiresAt: later, now: now) }
        let found = try await all(try await store.snapshot())
        let expected =
            records.map { $0.key == key("r7") ? stored($0, version: 2, isRedeemed: true) : stored($0) }
            + [stored(other), .counter(StoreCounter(counted, count: 3, expiresAt: later))]
        try expect(
            found.count == expected.count && Set(found) == Set(expected),
            "of \(expected.count) records and counters, a snapshot has \(Set(expected).intersection(found).count) as they "
                + "are, among \(found.count) items")
    }

    static func copiesOneMoment(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        try await commit(store, .create(record("replaced")), .create(record("deleted")))
        _ = try await store.increment(counted, expiresAt: later, now: now)
        let (snapshot, former) = (try await store.snapshot(), try await all(store))
        try await commit(
            store, .create(record("created")), .replace(record("replaced", [1]), ifVersion: 1),
            .delete(key("deleted")))
        _ = try await store.increment(counted, expiresAt: later, now: now)
        let found = Set(try await all(snapshot))
        try expect(
            found == former && former.count == 3,
            "a snapshot must have what there was at the moment of the call, but after later writes it has "
                + "\(found.subtracting(former).count) other items, and lacks \(former.subtracting(found).count)")
    }

    static func loadsExactly(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let mark = try await mark(store)
        let items = [
            stored(record("used"), version: 9_000_000_000, isRedeemed: true),
            stored(
                record("\u{0}é", ["a": [.null, .number(0.5), "\u{1}"]], ["owner": "x\u{0}", "odd": ""]), version: 3),
            stored(StoreRecord(StoreKey("elsewhere", ""), 1, expiresAt: Timestamp(seconds: -5))),
            .counter(StoreCounter(counted, count: 41, expiresAt: Timestamp(seconds: 7))),
        ]
        try expect(try await store.load(items, moving: mark), "a load whose mark has not moved must be made")
        let found = try await all(store)
        let expected = Set(items + [stored(mark, version: 2)])
        try expect(
            found == expected,
            "\(found.count) items were found after a load of \(items.count) and its mark, of which "
                + "\(found.subtracting(expected).count) are not as they were loaded")
    }

    static func loadsForUse(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let mark = try await mark(store)
        let fresh = record("fresh", [:], ["owner": "ann"])
        let items = [
            stored(record("used"), version: 4, isRedeemed: true), stored(fresh, version: 3),
            .counter(StoreCounter(counted, count: 41, expiresAt: later)),
        ]
        _ = try await store.load(items, moving: mark)
        let again = try await store.write([.redeem(key("used"))])
        try expect(again != .committed, "a record that was loaded as redeemed is redeemed again")
        let owned = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9)
        try expect(owned.map(\.key) == [fresh.key], "a record that was loaded is not found by its index: \(owned)")
        try await commit(store, .replace(record("fresh"), ifVersion: 3), .redeem(key("fresh")), .delete(key("used")))
        let count = try await store.increment(counted, expiresAt: later, now: now)
        try expect(count == 42, "a counter that was loaded with 41 continues with \(count)")
    }

    static func loadsByMark(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let mark = try await mark(store)
        for version in [2, 0, Int64.max - 1] {
            let moved = mark.stored(version: version, isRedeemed: false)
            let isMade = try await store.load([stored(record("a"))], moving: moved)
            try expect(!isMade, "a load was made although the version of its mark is 1 and not \(version)")
        }
        try await commit(store, .delete(mark.key))
        let isMade = try await store.load([stored(record("a"))], moving: mark)
        try expect(!isMade, "a load was made without the version of its mark, which is gone")
        let left = try await all(store)
        try expect(left.isEmpty, "a load that was not made has written \(left)")
    }

    static func loadsAtOnce(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let mark = try await mark(store)
        try await commit(store, .create(record("b", ["is": "there"])))
        _ = try await store.increment(counted, expiresAt: later, now: now)
        let former = try await all(store)
        let (a, counter) = (stored(record("a")), StoreItem.counter(StoreCounter(counted, count: 9, expiresAt: later)))
        for items in [[a, stored(record("b")), stored(record("c"))], [a, counter], [a, a]] {
            do {
                _ = try await store.load(items, moving: mark)
                throw ConformanceFailure("a load with an entry that exists, or is there twice, must throw")
            } catch is StoreError {}
            let left = try await all(store)
            try expect(left == former, "a load that failed has written \(left.subtracting(former).count) items")
        }
    }

    static func loadsAnew(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        guard let start = try await store.changes(after: nil, limit: 1, within: .zero)?.position else { return }
        let followed = StoreRecord(StoreKey("followed", "a"), [:], expiresAt: later)
        _ = try await store.load([stored(followed)], moving: try await mark(store))
        let found = try await store.changes(after: start, limit: 10, within: .zero)
        try expect(
            found?.position == nil && found?.keys.isEmpty ?? false,
            "a position from before a load must not be known, but it returns \(found as Any)")
        let next = try await store.changes(after: nil, limit: 1, within: .zero)?.position
        try expect(next != nil, "after a load, there is no position")
    }

    static func inspects(_ store: any Store) async throws {
        guard let store = store as? any PortableStore else { return }
        let longer = StoreRecord(key("longer"), [:], expiresAt: later + .seconds(9))
        try await commit(store, .create(longer), .create(record("shorter")))
        _ = try await store.increment(counted, expiresAt: later + .seconds(9), now: now)
        let found = try await store.inspect(at: later)
        let expected = [
            StoreInspection.Collection("test", records: 2, counters: 0, expired: 1),
            StoreInspection.Collection("relaxed", records: 0, counters: 1, expired: 0),
        ]
        try expect(
            Set(found.collections) == Set(expected), "two records and a counter are counted as \(found.collections)")
    }
}
