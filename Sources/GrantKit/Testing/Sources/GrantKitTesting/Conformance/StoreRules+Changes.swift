// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension StoreRules {
    private static func followed(_ id: String) -> StoreRecord {
        StoreRecord(StoreKey("followed", id), [:], expiresAt: later)
    }

    /// The position of a store; nil if it does not say what has changed.
    private static func position(of store: any Store) async throws -> String? {
        guard let found = try await store.changes(after: nil, limit: 10, within: .zero) else { return nil }
        guard let position = found.position, found.keys.isEmpty else {
            throw ConformanceFailure("without a position, it must return the present one and no keys, not \(found)")
        }
        return position
    }

    /// Reads what has changed after a position, and moves the position.
    private static func read(
        _ store: any Store, after position: inout String, limit: Int = 1000
    ) async throws -> [String] {
        guard let found = try await store.changes(after: position, limit: limit, within: .zero),
            let next = found.position
        else { throw ConformanceFailure("it does not know the position '\(position)', which it has returned") }
        let others = found.keys.filter { $0.collection != "followed" }
        try expect(others.isEmpty, "it reports changes of collections that are not followed: \(others)")
        position = next
        return found.keys.map(\.id)
    }

    static func reportsChanges(_ store: any Store) async throws {
        guard var position = try await position(of: store) else { return }
        try await commit(store, .create(followed("a")), .create(record("elsewhere")))
        try await commit(store, .create(followed("b\u{0}é")))
        try await commit(store, .replace(followed("a"), ifVersion: 1))
        try await commit(store, .redeem(StoreKey("followed", "b\u{0}é")), .absent(StoreKey("followed", "c")))
        try await commit(store, .delete(StoreKey("followed", "a")))
        _ = try await store.write([.create(followed("b\u{0}é")), .create(followed("d"))])
        let found = try await read(store, after: &position)
        try expect(
            found == ["a", "b\u{0}é", "a", "b\u{0}é", "a"],
            "a and b were created, a was replaced, b redeemed and a deleted, but it reports \(found)")
        let rest = try await read(store, after: &position)
        try expect(rest.isEmpty, "it reports \(rest) again")
    }

    static func pagesChanges(_ store: any Store) async throws {
        guard var position = try await position(of: store) else { return }
        let ids = (0..<25).map { "n\(100 + $0)" }
        for id in ids { try await commit(store, .create(followed(id))) }
        var found: [String] = []
        while true {
            let page = try await read(store, after: &position, limit: 10)
            try expect(page.count <= 10, "a page for a limit of 10 has \(page.count) changes")
            guard !page.isEmpty else { break }
            found += page
        }
        try expect(found == ids, "in pages of 10, \(ids.count) changes are \(found)")
    }

    /// Follows the store while a hundred write, each several times.
    static func reportsAll(_ store: any Store) async throws {
        guard let start = try await position(of: store) else { return }
        let (rounds, end) = (5, "end")
        async let followed = follow(store, from: start, until: end)
        _ = try await Many.atOnce { number in
            for round in 0..<rounds { try await commit(store, .create(Self.followed("w\(number) \(round)"))) }
        }
        try await commit(store, .create(Self.followed(end)))
        let found = try await followed
        let expected = Many.count * rounds + 1
        try expect(
            found.count == expected && Set(found).count == expected,
            "of \(expected) changes at once, \(Set(found).count) were reported in \(found.count) keys")
        for number in 0..<Many.count {
            let own = found.filter { $0.utf8.starts(with: "w\(number) ".utf8) }
            try expect(own == own.sorted(), "changes that were made one after another are reported as \(own)")
        }
    }

    private static func follow(_ store: any Store, from start: String, until end: String) async throws -> [String] {
        var (position, found) = (start, [String]())
        while !found.contains(end) {
            try Task.checkCancellation()
            found += try await read(store, after: &position, limit: 7)
            await Task.yield()
        }
        return found
    }

    static func refusesPositions(_ store: any Store) async throws {
        guard try await position(of: store) != nil else { return }
        let positions = ["", "0", "1:1", "-1:x", "a position", "9223372036854775807:9223372036854775807", "\u{0}:é"]
        for position in positions {
            let found = try await store.changes(after: position, limit: 10, within: .zero)
            try expect(
                found != nil && found?.position == nil && found?.keys.isEmpty ?? false,
                "after '\(position)', which is no position of this store, it returns \(found as Any)")
        }
    }

    static func reportsOthers(_ subject: PluginUnderTest) async throws {
        guard !subject.exceptions.isForgetful else { return }
        let folder = try ScratchFolders.current.make()
        try await subject.run(folder: folder) { plugin in
            let store = try await prepared(plugin)
            guard var position = try await position(of: store) else { return }
            try await subject.run(folder: folder) { other in
                let other = try await prepared(other)
                try await commit(other, .create(followed("there")))
            }
            try await commit(store, .create(followed("here")))
            let found = try await read(store, after: &position)
            try expect(found == ["there", "here"], "what another instance has changed is reported as \(found)")
        }
    }
}
