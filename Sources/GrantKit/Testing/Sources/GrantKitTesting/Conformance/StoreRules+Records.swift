// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    // MARK: one record

    static func comesBack(_ store: any Store) async throws {
        let written = record("a", ["n": 1, "list": ["x", .null]], ["owner": "ann"])
        try await commit(store, .create(written))
        let read = try await store.read(key("a"))
        try expect(read == written.stored(version: 1, isRedeemed: false), "written \(written), read \(read as Any)")
    }

    static func readsSeveral(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")), .create(record("c", "3")))
        let found = try await store.read([key("c"), key("b"), key("a"), key("c")])
        try expect(found.map { $0?.value } == ["3", nil, "1", "3"], "found \(found)")
        try expect(try await store.read([]).isEmpty, "reading no keys must return no records")
        try expect(try await store.write([]) == .committed, "writing nothing must be committed")
    }

    static func createConflicts(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "first")))
        let outcome = try await store.write([.create(record("a", "second"))])
        guard case .conflict(0, let found) = outcome else {
            throw ConformanceFailure("expected a conflict, got \(outcome)")
        }
        try expect(found?.value == "first", "found \(found as Any)")
    }

    static func replaceNeedsVersion(_ store: any Store) async throws {
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

    static func redeemsOnce(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")))
        try await commit(store, .redeem(key("a")))
        let again = try await store.write([.redeem(key("a"))])
        guard case .conflict(0, let found) = again else {
            throw ConformanceFailure("expected a conflict, got \(again)")
        }
        try expect(found?.isRedeemed == true && found?.value == "1", "found \(found as Any)")
    }

    static func redeemGone(_ store: any Store) async throws {
        let outcome = try await store.write([.redeem(key("a"))])
        try expect(outcome == .conflict(write: 0, found: nil), "got \(outcome)")
    }

    static func absent(_ store: any Store) async throws {
        try await commit(store, .absent(key("a")), .create(record("b")))
        try expect(try await store.read(key("a")) == nil, "absent wrote something")
        let outcome = try await store.write([.absent(key("b")), .create(record("c"))])
        guard case .conflict(0, _) = outcome else { throw ConformanceFailure("expected a conflict, got \(outcome)") }
        try expect(try await store.read(key("c")) == nil, "a refused write wrote something")
    }

    static func deletes(_ store: any Store) async throws {
        try await commit(store, .create(record("a")))
        try await commit(store, .delete(key("a")), .delete(key("b")))
        try expect(try await store.read(key("a")) == nil, "a deleted record is still there")
    }

    static func atomic(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")), .create(record("taken")))
        for last in [StoreWrite.create(record("taken")), .redeem(key("gone")), .absent(key("taken"))] {
            let writes = [
                StoreWrite.create(record("new", [:], ["owner": "ann"])), .replace(record("a", "2"), ifVersion: 1), last,
            ]
            guard case .conflict(2, _) = try await store.write(writes) else {
                throw ConformanceFailure("no conflict named the last write")
            }
            let found = try await read(store, "new", "a")
            try expect(found[0] == nil && found[1]?.value == "1", "left behind: \(found)")
            let byIndex = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9)
            try expect(byIndex.isEmpty, "left behind in the index: \(byIndex)")
        }
    }

    static func indexFollows(_ store: any Store) async throws {
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

    static func counts(_ store: any Store) async throws {
        for collection in ["test", "relaxed"] {
            let key = StoreKey(collection, "c")
            let counted = Set(
                try await Many.atOnce { _ in try await store.increment(key, expiresAt: later, now: now) })
            try expect(counted == Set(1...100), "100 calls gave \(counted.sorted())")
            let anew = try await store.increment(key, expiresAt: later + .seconds(60), now: later)
            try expect(anew == 1, "an expired counter continued with \(anew)")
        }
    }

    static func purges(_ store: any Store) async throws {
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

    static func keepsValues(_ store: any Store) async throws {
        let value: JSON = [
            "text": "é😀\"\\\n\u{0}'; DROP TABLE record; --", "big": .integer(.max), "small": .integer(.min),
            "half": .number(0.5),
            "no": false, "nothing": .null, "list": [[], [:]],
        ]
        try await commit(store, .create(record("ä 'x' \"y\"", value)))
        let read = try await store.read(key("ä 'x' \"y\""))
        try expect(read?.value == value, "written \(value.text), read \(read?.value.text ?? "nothing")")
    }

    /// Swift considers the two strings of each pair equal.
    static func comparesBytes(_ store: any Store) async throws {
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

    static func staysRedeemed(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1")))
        try await commit(store, .redeem(key("a")))
        try await commit(store, .replace(record("a", "2"), ifVersion: 2))
        let again = try await store.write([.redeem(key("a"))])
        try expect(again != .committed, "a record that was redeemed, and then replaced, can be redeemed again")
    }

    static func createsAnew(_ store: any Store) async throws {
        try await commit(store, .create(record("a", "1", ["owner": "ann"])))
        try await commit(store, .redeem(key("a")))
        try await commit(store, .delete(key("a")))
        try await commit(store, .create(record("a", "2")))
        let read = try await store.read(key("a"))
        try expect(
            read == record("a", "2").stored(version: 1, isRedeemed: false),
            "a record that was deleted and is created again is \(read as Any)")
    }

    /// A store may remove at once what has expired, but then it must be gone for every call.
    static func expires(_ store: any Store) async throws {
        let old = StoreRecord(key("a"), "old", expiresAt: Timestamp(seconds: 1000))
        try await commit(store, .create(old))
        let read = try await store.read(key("a"))
        let created = try await store.write([.create(record("a", "new"))])
        switch created {
        case .committed: try expect(read == nil, "it returns an expired record, and creates another one in its place")
        case .conflict(_, let found):
            try expect(
                read != nil && found == read,
                "a create conflicts with the expired record \(found as Any), and reading it gave \(read as Any)")
            let absent = try await store.write([.absent(key("a"))])
            try expect(absent != .committed, "an expired record that is there counts as absent")
            try await commit(store, .replace(record("a", "new"), ifVersion: 1))
        @unknown default: throw ConformanceFailure("a create is \(created)")
        }
        let purged = try await store.purge(expiredBefore: now, limit: 9)
        let left = try await store.read(key("a"))
        try expect(purged == 0 && left?.value == "new", "a record that was renewed is purged like an expired one")
    }
}
