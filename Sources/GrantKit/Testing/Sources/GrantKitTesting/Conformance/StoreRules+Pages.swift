// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    /// Ids in the order of UTF-8, which differs from the order of UTF-16 and from the alphabet.
    private static let ordered = ["B", "K", "a", "e\u{301}", "\u{E9}", "\u{212A}", "\u{FF5E}", "😀"]

    static func finds(_ store: any Store) async throws {
        for number in 10..<25 { try await commit(store, .create(record("r\(number)", [:], ["owner": "ann"]))) }
        try await commit(store, .create(record("other", [:], ["owner": "bob"])))
        let first = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 10)
        let second = try await store.find("test", by: "owner", equals: "ann", after: first.last?.key, limit: 10)
        let ids = (first + second).map(\.key.id)
        try expect(first.count == 10 && ids == (10..<25).map { "r\($0)" }, "found \(ids)")
    }

    /// All ids of the collection, read in pages.
    static func ids(_ store: any Store, limit: Int, after: StoreKey? = nil) async throws -> [String] {
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

    static func pages(_ store: any Store) async throws {
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

    static func pagesAfterGone(_ store: any Store) async throws {
        for id in ["a", "b", "c", "d"] { try await commit(store, .create(record(id))) }
        try await commit(store, .delete(key("b")))
        let all = [("A", "acd"), ("a", "cd"), ("b", "cd"), ("bb", "cd"), ("d", ""), ("x", "")]
        for (after, expected) in all {
            let found = try await ids(store, limit: 2, after: key(after)).joined()
            try expect(found == expected, "after '\(after)' found '\(found)'")
        }
    }

    static func pagesFollow(_ store: any Store) async throws {
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

    static func pagesBetween(_ store: any Store) async throws {
        let kept = (0..<30).map { "k\(100 + $0)" }
        for id in kept { try await commit(store, .create(record(id, [:], ["owner": "ann"]))) }
        var (paged, found): ([String], [String]) = ([], [])
        var (afterPage, afterFound): (StoreKey?, StoreKey?) = (nil, nil)
        for number in 0..<12 {
            let page = try await store.page("test", after: afterPage, limit: 7)
            let some = try await store.find("test", by: "owner", equals: "ann", after: afterFound, limit: 7)
            (paged, found) = (paged + page.map(\.key.id), found + some.map(\.key.id))
            guard let last = page.last ?? some.last else { break }
            (afterPage, afterFound) = (page.last?.key ?? afterPage, some.last?.key ?? afterFound)
            // In front of the page, and just behind it.
            try await commit(
                store, .create(record("a\(number)", [:], ["owner": "ann"])), .create(record(last.key.id + "-")))
            if number > 0 { try await commit(store, .delete(key("a\(number - 1)"))) }
        }
        for (ids, what) in [(paged, "pages of a collection"), (found, "pages of an index")] {
            let seen = ids.filter { kept.contains($0) }
            try expect(
                seen.elementsEqual(kept) { $0 == $1 },
                "while records were written and deleted, \(what) had \(seen.count) of \(kept.count) records, or some "
                    + "of them twice")
        }
    }
}
