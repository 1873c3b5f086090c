// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    static func keepsStrange(_ store: any Store) async throws {
        let texts = HostileText.all + ["", "\u{0}", "\u{1}", "a", "a\u{0}", "a\u{0}b", "a\u{1}", "%", "_", "*", "A"]
        let ordered = texts.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for text in texts {
            try await commit(store, .create(record(text, .object([.init(text, .string(text))]), ["owner": text])))
        }
        for text in texts {
            let read = try await store.read(key(text))
            let isSame = read?.key == key(text) && read?.value[text]?.string == text && read?.indexes["owner"] == text
            try expect(isSame, "the record of '\(text)' is read as \(read as Any)")
            let found = try await store.find("test", by: "owner", equals: text, after: nil, limit: 9)
            try expect(found == [read].compactMap(\.self), "by the index '\(text)' it finds \(found)")
        }
        try await pagesStrange(store, ordered)
        for text in texts { try await countStrange(store, text) }
    }

    private static func pagesStrange(_ store: any Store, _ ordered: [String]) async throws {
        let all = try await store.page("test", after: nil, limit: 1000).map(\.key.id)
        try expect(
            all.elementsEqual(ordered) { $0 == $1 },
            "of \(ordered.count) strange ids, a page holds \(all.count), or they are not in the order of their bytes")
        for (place, id) in ordered.enumerated() {
            let next = try await store.page("test", after: key(id), limit: 1).first?.key.id
            try expect(next == ordered.dropFirst(place + 1).first, "after '\(id)' comes '\(next ?? "nothing")'")
        }
    }

    private static func countStrange(_ store: any Store, _ text: String) async throws {
        let count = try await store.increment(key(text), expiresAt: later, now: now)
        try expect(count == 1, "the counter '\(text)' starts with \(count): it is that of another key")
        try await commit(store, .redeem(key(text)), .absent(key(text + "-")))
        try await commit(store, .delete(key(text)))
        let left = try await store.find("test", by: "owner", equals: text, after: nil, limit: 9)
        try expect(left.isEmpty, "after its deletion, the record of '\(text)' is still found by its index")
    }

    static func keepsExtremes(_ store: any Store) async throws {
        let seconds: [Int64] = [.min, -1, 0, 1, 1 << 31, 1 << 53, (1 << 53) + 1, .max]
        for (number, second) in seconds.enumerated() {
            let record = StoreRecord(key("e\(number)"), .integer(second), expiresAt: Timestamp(seconds: second))
            try await commit(store, .create(record))
            let read = try await store.read(record.key)
            // A store may remove at once what has expired.
            if read == nil, second < now.seconds { continue }
            try expect(
                read == record.stored(version: 1, isRedeemed: false),
                "the number \(second) as value and time is read as \(read as Any)")
        }
        let none = try await store.purge(expiredBefore: Timestamp(seconds: .min), limit: 100)
        try expect(none == 0, "nothing expires before the earliest time, and it purged \(none)")
        _ = try await store.purge(expiredBefore: Timestamp(seconds: .max), limit: 100)
        let left = try await store.page("test", after: nil, limit: 100).map(\.key.id)
        try expect(left == ["e7"], "all but the last record expire before the latest time, and it kept \(left)")
        try await countExtremes(store)
    }

    private static func countExtremes(_ store: any Store) async throws {
        let cases: [(end: Int64, time: Int64, second: Int64)] = [
            (.max, .min, 2), (.min, .max, 1), (0, 0, 1), (1, 0, 2),
        ]
        for (end, time, second) in cases {
            let counter = key("c \(end) \(time)")
            let (expiry, moment) = (Timestamp(seconds: end), Timestamp(seconds: time))
            _ = try await store.increment(counter, expiresAt: expiry, now: moment)
            let count = try await store.increment(counter, expiresAt: expiry, now: moment)
            try expect(
                count == second, "a counter that expires at \(end) has \(count) instead of \(second) at \(time)")
        }
    }

    static func limits(_ store: any Store) async throws {
        for id in ["a", "b", "c"] { try await commit(store, .create(record(id, [:], ["owner": "ann"]))) }
        for limit in [0, 1] {
            let page = try await store.page("test", after: nil, limit: limit).count
            let found = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: limit).count
            let purged = try await store.purge(expiredBefore: later + .seconds(1), limit: limit)
            try expect(
                page == limit && found == limit && purged == limit,
                "with the limit \(limit), a page holds \(page), it finds \(found) and purges \(purged)")
        }
    }

    static func unknown(_ store: any Store) async throws {
        let other = "no_such_collection"
        do {
            let read = try await store.read(StoreKey(other, "a"))
            let page = try await store.page(other, after: nil, limit: 9)
            let found = try await store.find(other, by: "owner", equals: "ann", after: nil, limit: 9)
            try expect(read == nil && page.isEmpty && found.isEmpty, "it found \(page) in a collection without records")
        } catch is StoreError {
            // A store may refuse what was not prepared.
        }
        let empty = try await store.page("test", after: nil, limit: 9)
        let none = try await store.find("test", by: "owner", equals: "ann", after: key("a"), limit: 9)
        try expect(empty.isEmpty && none.isEmpty, "it found \(empty) in a collection without records")
    }
}
