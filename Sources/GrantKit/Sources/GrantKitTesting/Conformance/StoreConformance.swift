// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The checks for stores.
///
/// Run them for every store, each with an empty store of its own.
public enum StoreConformance {
    private static let now = Timestamp(seconds: 1_800_000_000)
    private static let later = Timestamp(seconds: 1_900_000_000)

    private static func key(_ id: String) -> StoreKey {
        StoreKey("test", id)
    }

    private static func record(_ id: String, _ value: JSON = [:], _ indexes: [String: String] = [:]) -> StoreRecord {
        StoreRecord(key(id), value, expiresAt: later, indexes: indexes)
    }

    private static func commit(_ store: any Store, _ writes: StoreWrite...) async throws {
        let outcome = try await store.write(writes)
        try expect(outcome == .committed, "writes whose conditions hold must be committed, but: \(outcome)")
    }

    /// Prepares a store for the checks.
    ///
    /// - Parameter store: The store.
    /// - Throws: The errors of the store.
    public static func prepare(_ store: any Store) async throws {
        try await store.prepare([
            StoreCollection("test", indexes: ["owner"]), StoreCollection("relaxed", durability: .relaxed),
        ])
    }

    /// All checks.
    public static let checks: [ConformanceCheck<any Store>] = [
        .init(description: "a record comes back as it was written", run: comesBack),
        .init(description: "several keys are read at once, missing ones as nil", run: readsSeveral),
        .init(description: "creating what exists conflicts and returns what exists", run: createConflicts),
        .init(description: "replacing needs the version that was read", run: replaceNeedsVersion),
        .init(description: "redeeming works once and keeps the record", run: redeemsOnce),
        .init(description: "redeeming a record that does not exist conflicts without a record", run: redeemGone),
        .init(description: "absent refuses what exists and writes nothing", run: absent),
        .init(description: "deleting a record that does not exist is not a conflict", run: deletes),
        .init(description: "after a conflict, none of the writes is in the store", run: atomic),
        .init(description: "if many redeem a record at once, one succeeds", run: races),
        .init(description: "records are found by index, page by page, in the order of their keys", run: finds),
        .init(description: "a collection is read page by page, in the order of the bytes of its ids", run: pages),
        .init(description: "a page begins after a key that is no longer there", run: pagesAfterGone),
        .init(description: "the pages of a collection follow its records", run: pagesFollow),
        .init(description: "an index follows its record when that is replaced or deleted", run: indexFollows),
        .init(description: "a counter counts every call, and starts again once it has expired", run: counts),
        .init(description: "purging removes what has expired, at most the limit, and nothing else", run: purges),
        .init(description: "values keep every kind of JSON and every character", run: keepsValues),
        .init(description: "2,000 keys are read and written in one call", run: takesMany),
        .init(description: "after a conflict in the last of 2,000 writes, none is in the store", run: refusesMany),
        .init(description: "2,000 records are found in one page, and purged in one call", run: findsMany),
        .init(description: "a collection of 2,000 records is read in one page, and in pages of 7", run: pagesMany),
        .init(description: "keys and indexes that only look alike are different", run: comparesBytes),
    ]

    private static func comesBack(_ store: any Store) async throws {
        let written = record("a", ["n": 1, "list": ["x", .null]], ["owner": "ann"])
        try await commit(store, .create(written))
        let read = try await store.read(key("a"))
        try expect(read == written.stored(version: 1, isRedeemed: false), "written \(written), read \(read as Any)")
    }

    /// Swift considers the two strings of each pair equal.
    private static func comparesBytes(_ store: any Store) async throws {
        for (left, right) in [("K", "\u{212A}"), ("\u{E9}", "e\u{301}")] {
            try await commit(
                store, .create(record(left, 1, ["owner": left])), .create(record(right, 2, ["owner": right])))
            for (id, value) in [(left, JSON.integer(1)), (right, JSON.integer(2))] {
                let read = try await store.read(key(id))
                try expect(read?.value == value, "the record of another key is read")
                let found = try await store.find("test", by: "owner", equals: id, after: nil, limit: 9)
                try expect(found.map(\.value) == [value], "a record is found by another value of its index")
            }
        }
    }

    private static func readsSeveral(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")), .create(record("c", "3")))
        let found = try await store.read([key("c"), key("b"), key("a"), key("c")])
        try expect(found.map { $0?.value } == ["3", nil, "1", "3"], "found \(found)")
        try expect(try await store.read([]).isEmpty, "reading no keys must return no records")
    }

    private static func createConflicts(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "first")))
        let outcome = try await store.write([.create(record("a", "second"))])
        guard case .conflict(0, let found) = outcome else {
            throw ConformanceFailure("expected a conflict, got \(outcome)")
        }
        try expect(found?.value == "first", "found \(found as Any)")
    }

    private static func replaceNeedsVersion(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")))
        try await commit(store, .replace(record("a", "2"), ifVersion: 1))
        let stale = try await store.write([.replace(record("a", "3"), ifVersion: 1)])
        guard case .conflict(0, let found) = stale else {
            throw ConformanceFailure("expected a conflict, got \(stale)")
        }
        try expect(found?.version == 2 && found?.value == "2", "found \(found as Any)")
        let gone = try await store.write([.replace(record("b"), ifVersion: 1)])
        try expect(gone == .conflict(write: 0, found: nil), "replacing what is not there: \(gone)")
    }

    private static func redeemsOnce(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")))
        try await commit(store, .redeem(key("a")))
        let again = try await store.write([.redeem(key("a"))])
        guard case .conflict(0, let found) = again else {
            throw ConformanceFailure("expected a conflict, got \(again)")
        }
        try expect(found?.isRedeemed == true && found?.value == "1", "found \(found as Any)")
    }

    private static func redeemGone(_ store: any Store) async throws {
        let outcome = try await store.write([.redeem(key("a"))])
        try expect(outcome == .conflict(write: 0, found: nil), "got \(outcome)")
    }

    private static func absent(_ store: any Store) async throws {
        try await commit(store, .absent(key("a")), .create(record("b")))
        try expect(try await store.read(key("a")) == nil, "absent wrote something")
        let outcome = try await store.write([.absent(key("b")), .create(record("c"))])
        guard case .conflict(0, _) = outcome else { throw ConformanceFailure("expected a conflict, got \(outcome)") }
        try expect(try await store.read(key("c")) == nil, "a refused write wrote something")
    }

    private static func deletes(_ store: any Store) async throws {
        try await commit(store, .create(record("a")))
        try await commit(store, .delete(key("a")), .delete(key("b")))
        try expect(try await store.read(key("a")) == nil, "a deleted record is still there")
    }

    private static func atomic(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")), .create(record("taken")))
        for last in [StoreWrite.create(record("taken")), .redeem(key("gone")), .absent(key("taken"))] {
            let writes = [
                StoreWrite.create(record("new", [:], ["owner": "ann"])), .replace(record("a", "2"), ifVersion: 1), last,
            ]
            guard case .conflict(2, _) = try await store.write(writes) else {
                throw ConformanceFailure("no conflict named the last write")
            }
            let found = try await store.read([key("new"), key("a")])
            try expect(found[0] == nil && found[1]?.value == "1", "left behind: \(found)")
            let byIndex = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9)
            try expect(byIndex.isEmpty, "left behind in the index: \(byIndex)")
        }
    }

    private static func races(_ store: any Store) async throws {
        try await commit(store, .create(record("a")))
        let won = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<64 {
                group.addTask {
                    try await store.write([.redeem(key("a")), .create(record("w\(number)"))]) == .committed
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        try expect(won == 1, "\(won) of 64 redeemed it")
    }

    private static func finds(_ store: any Store) async throws {
        for number in 10..<25 { try await commit(store, .create(record("r\(number)", [:], ["owner": "ann"]))) }
        try await commit(store, .create(record("other", [:], ["owner": "bob"])))
        let first = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 10)
        let second = try await store.find("test", by: "owner", equals: "ann", after: first.last?.key, limit: 10)
        let ids = (first + second).map(\.key.id)
        try expect(first.count == 10 && ids == (10..<25).map { "r\($0)" }, "found \(ids)")
    }

    /// All ids of the collection, read in pages.
    private static func ids(_ store: any Store, limit: Int, after: StoreKey? = nil) async throws -> [String] {
        var (ids, last): ([String], StoreKey?) = ([], after)
        while true {
            let page = try await store.page("test", after: last, limit: limit)
            try expect(page.count <= limit, "a page for \(limit) holds \(page.count)")
            try expect(page.allSatisfy { $0.key.collection == "test" }, "a page holds records of another collection")
            guard let end = page.last else { return ids }
            try expect(end.key.id != last?.id, "a page begins with the last record of the one before")
            ids += page.map(\.key.id)
            last = end.key
        }
    }

    /// Ids in the order of UTF-8, which differs from the order of UTF-16 and from the alphabet.
    private static let ordered = ["B", "K", "a", "e\u{301}", "\u{E9}", "\u{212A}", "\u{FF5E}", "😀"]

    private static func pages(_ store: any Store) async throws {
        try expect(try await ids(store, limit: 9).isEmpty, "an empty collection has records")
        for id in ordered.reversed() { try await commit(store, .create(record(id, .string(id), ["owner": id]))) }
        try await commit(store, .create(StoreRecord(StoreKey("relaxed", "b"), [:], expiresAt: later)))
        _ = try await store.increment(key("c"), expiresAt: later, now: now)
        for limit in [1, 2, ordered.count, 100] {
            let found = try await ids(store, limit: limit)
            try expect(found.elementsEqual(ordered) { $0 == $1 }, "in pages of \(limit) found \(found)")
        }
        let first = try await store.page("test", after: nil, limit: 100)
        let same = try await store.read(ordered.map(key))
        try expect(first == same.compactMap(\.self), "a page holds \(first), and reading gives \(same)")
    }

    private static func pagesAfterGone(_ store: any Store) async throws {
        for id in ["a", "b", "c", "d"] { try await commit(store, .create(record(id))) }
        try await commit(store, .delete(key("b")))
        for (after, expected) in [("A", "acd"), ("a", "cd"), ("b", "cd"), ("bb", "cd"), ("d", ""), ("x", "")] {
            let found = try await ids(store, limit: 2, after: key(after)).joined()
            try expect(found == expected, "after '\(after)' found '\(found)'")
        }
    }

    private static func pagesFollow(_ store: any Store) async throws {
        let expired = StoreRecord(key("old"), [:], expiresAt: Timestamp(seconds: now.seconds - 10))
        try await commit(store, .create(record("a")), .create(record("b")), .create(expired))
        try await commit(store, .replace(record("a", "new"), ifVersion: 1), .redeem(key("b")))
        let page = try await store.page("test", after: nil, limit: 2)
        try expect(page.map(\.value) == ["new", [:]] && page.last?.isRedeemed == true, "found \(page)")
        _ = try await store.write([.create(record("c")), .create(record("a"))])
        _ = try await store.purge(expiredBefore: now, limit: 9)
        try await commit(store, .delete(key("a")))
        let left = try await ids(store, limit: 9)
        try expect(left.joined() == "b", "after a refused write, a deletion and a purge found \(left)")
    }

    private static func indexFollows(_ store: any Store) async throws {
        try await commit(store, .create(record("a", [:], ["owner": "ann"])))
        try await commit(store, .replace(record("a", [:], ["owner": "bob"]), ifVersion: 1))
        let (ann, bob) = (
            try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9),
            try await store.find("test", by: "owner", equals: "bob", after: nil, limit: 9)
        )
        try expect(ann.isEmpty && bob.map(\.key.id) == ["a"], "by the old value \(ann), by the new \(bob)")
        try await commit(store, .delete(key("a")))
        try expect(
            try await store.find("test", by: "owner", equals: "bob", after: nil, limit: 9).isEmpty,
            "a deleted record is still found")
    }

    private static func counts(_ store: any Store) async throws {
        for collection in ["test", "relaxed"] {
            let key = StoreKey(collection, "c")
            let counted = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<50 { group.addTask { try await store.increment(key, expiresAt: later, now: now) } }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            try expect(counted == Set(1...50), "50 calls gave \(counted.sorted())")
            let anew = try await store.increment(key, expiresAt: later + .seconds(60), now: later)
            try expect(anew == 1, "an expired counter continued with \(anew)")
        }
    }

    private static func purges(_ store: any Store) async throws {
        for number in 0..<5 {
            let end = Timestamp(seconds: now.seconds - 10 + Int64(number))
            let record = StoreRecord(key("old\(number)"), [:], expiresAt: end, indexes: ["owner": "ann"])
            try await commit(store, .create(record))
        }
        try await commit(store, .create(record("new")))
        _ = try await store.increment(
            StoreKey("test", "c"), expiresAt: Timestamp(seconds: now.seconds - 5), now: Timestamp(seconds: 0))
        let first = try await store.purge(expiredBefore: now, limit: 3)
        try expect(first == 3, "with a limit of 3 it removed \(first)")
        var rest = 0
        while case let count = try await store.purge(expiredBefore: now, limit: 3), count > 0 { rest += count }
        try expect(rest == 3, "then it removed \(rest) of 3")
        try expect(try await store.read(key("new")) != nil, "a record that has not expired was purged")
        let left = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9)
        try expect(left.isEmpty, "purged records are still found by index")
    }

    private static func keepsValues(_ store: any Store) async throws {
        let value: JSON = [
            "text": "é😀\"\\\n\u{0}'; DROP TABLE record; --", "big": .integer(.max), "small": .integer(.min),
            "half": .number(0.5),
            "no": false, "nothing": .null, "list": [[], [:]],
        ]
        try await commit(store, .create(record("ä 'x' \"y\"", value)))
        let read = try await store.read(key("ä 'x' \"y\""))
        try expect(read?.value == value, "written \(value.text), read \(read?.value.text ?? "nothing")")
    }

    // MARK: 2,000 records, as a user with many sessions has

    private static let many = (0..<2000).map { "m\(10_000 + $0)" }

    private static func takesMany(_ store: any Store) async throws {
        let keys = many.map(key)
        let all = many.map { record($0, .string($0), ["owner": "ann"]) }
        try expect(try await store.write(all.map { .create($0) }) == .committed, "2,000 were not created")
        let missing = key("missing")
        let found = try await store.read([missing] + keys + [missing])
        let values = found.compactMap { $0?.value.string }
        try expect(
            found.count == 2002 && found.first == .some(nil) && found.last == .some(nil) && values == many,
            "of 2,002 keys, 2,000 of which exist, \(values.count) were found")
        try expect(try await store.write(all.map { .replace($0, ifVersion: 1) }) == .committed, "not replaced")
        try expect(try await store.write(keys.map { .redeem($0) }) == .committed, "not redeemed")
        let redeemed = try await store.read(keys).compactMap(\.self).filter { $0.isRedeemed && $0.version == 3 }
        try expect(redeemed.count == many.count, "\(redeemed.count) were replaced and redeemed")
        try expect(try await store.write(keys.map { .delete($0) }) == .committed, "not deleted")
        let left = try await store.read(keys).compactMap(\.self)
        try expect(left.isEmpty, "\(left.count) were not deleted")
        try expect(try await store.write(keys.map { .absent($0) }) == .committed, "they are still there")
    }

    private static func pagesMany(_ store: any Store) async throws {
        let all = many.shuffled().map { StoreWrite.create(record($0)) }
        try expect(try await store.write(all) == .committed, "2,000 were not created")
        for limit in [7, 2001] {
            let found = try await ids(store, limit: limit)
            try expect(found.elementsEqual(many), "in pages of \(limit) found \(found.count) of 2,000, or out of order")
        }
        let odd = many.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        try expect(try await store.write(odd.map { .delete(key($0)) }) == .committed, "not deleted")
        let left = try await ids(store, limit: 300)
        try expect(left.count == 1000 && Set(left).isDisjoint(with: odd), "\(left.count) of 1,000 are left")
    }

    private static func refusesMany(_ store: any Store) async throws {
        try await commit(store, .create(record("taken")))
        let all = many.map { StoreWrite.create(record($0, [:], ["owner": "ann"])) }
        for last in [StoreWrite.create(record("taken")), .absent(key("taken")), .redeem(key("gone"))] {
            guard case .conflict(2000, _) = try await store.write(all + [last]) else {
                throw ConformanceFailure("no conflict named the last of 2,001 writes")
            }
        }
        let left = try await store.read(many.map(key)).compactMap(\.self)
        let indexed = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9)
        try expect(left.isEmpty && indexed.isEmpty, "left behind: \(left.count), by index \(indexed.count)")
    }

    private static func findsMany(_ store: any Store) async throws {
        let end = Timestamp(seconds: now.seconds - 10)
        let all = many.map { StoreRecord(key($0), [:], expiresAt: end, indexes: ["owner": "ann"]) }
        try expect(try await store.write(all.map { .create($0) }) == .committed, "2,000 were not created")
        let page = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 2001)
        try expect(page.map(\.key.id) == many, "a page for 2,001 holds \(page.count) of 2,000")
        let rest = try await store.find("test", by: "owner", equals: "ann", after: key(many[999]), limit: 2001)
        try expect(rest.map(\.key.id) == Array(many.dropFirst(1000)), "after the first thousand are \(rest.count)")
        let purged = try await store.purge(expiredBefore: now, limit: 2001)
        try expect(purged == many.count, "\(purged) of 2,000 were purged")
    }
}
