// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    /// The ids of 2,000 records, as a user with many sessions has.
    private static let many = (0..<2000).map { "m\(10_000 + $0)" }

    static func takesMany(_ store: any Store) async throws {
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

    static func pagesMany(_ store: any Store) async throws {
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

    static func refusesMany(_ store: any Store) async throws {
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

    static func findsMany(_ store: any Store) async throws {
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
