// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    /// Checks what is there after a restart.
    ///
    /// A server may end with or without stopping its plugins, and another process may use the store at the same time.
    static func restarts(_ subject: PluginUnderTest) async throws {
        guard !subject.exceptions.isForgetful else { return }
        let folder = try ScratchFolders.current.make()
        try await subject.run(folder: folder) { plugin in
            let store = try await prepared(plugin)
            try await fill(store)
            try await subject.run(folder: folder) { other in
                try await expectAll(try await prepared(other), "a second instance beside the first")
            }
            try await commit(store, .create(record("after the other")))
        }
        for number in 2...3 {
            try await subject.run(folder: folder) { plugin in
                let store = try await prepared(plugin)
                try await expectAll(store, "start number \(number)")
                let count = try await store.increment(key("count"), expiresAt: later, now: now)
                try expect(count == Int64(number) + 1, "after start number \(number), a counter has \(count)")
            }
        }
    }

    private static func fill(_ store: any Store) async throws {
        try await commit(
            store, .create(record("kept", "1", ["owner": "ann"])), .create(record("used", "2", ["owner": "ann"])),
            .create(record("gone", "3", ["owner": "ann"])))
        try await commit(
            store, .replace(record("kept", "new", ["owner": "bob"]), ifVersion: 1), .redeem(key("used")),
            .delete(key("gone")))
        for _ in 0..<2 { _ = try await store.increment(key("count"), expiresAt: later, now: now) }
    }

    private static func expectAll(_ store: any Store, _ what: String) async throws {
        let hint = "in \(what): commit means that it is kept; a store for tests says so with forgetting()"
        let found = try await read(store, "kept", "used", "gone")
        try expect(found[0]?.value == "new" && found[0]?.version == 2, "a record is \(found[0] as Any) \(hint)")
        try expect(found[1]?.isRedeemed == true, "a redeemed record is \(found[1] as Any) \(hint)")
        try expect(found[2] == nil, "a deleted record is \(found[2] as Any) \(hint)")
        let bob = try await store.find("test", by: "owner", equals: "bob", after: nil, limit: 9).map(\.key.id)
        let ann = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9).map(\.key.id)
        try expect(bob == ["kept"] && ann == ["used"], "by their indexes, records are \(bob) and \(ann) \(hint)")
        let again = try await store.write([.redeem(key("used"))])
        try expect(again != .committed, "a redeemed record is redeemed again \(hint)")
    }

    /// A new version of a plugin declares another index.
    static func preparesAgain(_ store: any Store) async throws {
        try await commit(store, .create(record("old", "1", ["owner": "ann"])))
        try await store.prepare([StoreCollection("test", indexes: ["owner"])])
        try await store.prepare([StoreCollection("test", indexes: ["owner", "kind"]), StoreCollection("more")])
        try await commit(
            store, .create(record("new", "2", ["owner": "ann", "kind": "x"])),
            .create(StoreRecord(StoreKey("more", "a"), [:], expiresAt: later)))
        let ann = try await store.find("test", by: "owner", equals: "ann", after: nil, limit: 9).map(\.key.id)
        let kind = try await store.find("test", by: "kind", equals: "x", after: nil, limit: 9).map(\.key.id)
        try expect(ann == ["new", "old"], "after it was prepared again, the index finds \(ann)")
        try expect(kind == ["new"], "the index that was added finds \(kind)")
    }
}
