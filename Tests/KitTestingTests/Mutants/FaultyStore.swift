// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting
import MemoryRecords

/// A store in memory, with a function in front of each of its calls.
struct FaultyStore: PortableStore {
    /// What a page is asked for; of all records if there is no index.
    struct Query: Sendable {
        var collection: String
        var index: String?
        var value = ""
        var after: StoreKey?
        var limit: Int
    }

    private let inner: any PortableStore = MemoryRecords()

    var preparing: @Sendable ([StoreCollection], any Store) async throws -> Void = { try await $1.prepare($0) }
    var reading: @Sendable ([StoreKey], any Store) async throws -> [StoreRecord?] = { try await $1.read($0) }
    var writing: @Sendable ([StoreWrite], any Store) async throws -> WriteOutcome = { try await $1.write($0) }
    var finding: @Sendable (Query, any Store) async throws -> [StoreRecord] = { try await $0.run(in: $1) }
    var paging: @Sendable (Query, any Store) async throws -> [StoreRecord] = { try await $0.run(in: $1) }
    var counting: @Sendable (StoreKey, _ end: Timestamp, _ now: Timestamp, any Store) async throws -> Int64 = {
        try await $3.increment($0, expiresAt: $1, now: $2)
    }
    var purging: @Sendable (Timestamp, Int, any Store) async throws -> Int = {
        try await $2.purge(expiredBefore: $0, limit: $1)
    }

    var changing: @Sendable (String?, Int, any Store) async throws -> StoreChanges? = {
        try await $2.changes(after: $0, limit: $1, within: .zero)
    }

    var inspecting: @Sendable (Timestamp, any PortableStore) async throws -> StoreInspection = {
        try await $1.inspect(at: $0)
    }
    var copying: @Sendable (any PortableStore) async throws -> any StoreSnapshot = { try await $0.snapshot() }
    var loading: @Sendable ([StoreItem], StoreRecord, any PortableStore) async throws -> Bool = {
        try await $2.load($0, moving: $1)
    }

    init() {}

    func prepare(_ collections: [StoreCollection]) async throws { try await preparing(collections, inner) }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await reading(keys, inner) }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { try await writing(writes, inner) }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await finding(
            Query(collection: collection, index: index, value: value, after: after, limit: limit), inner)
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await paging(Query(collection: collection, after: after, limit: limit), inner)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await counting(key, expiresAt, now, inner)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await purging(moment, limit, inner)
    }

    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        try await changing(position, limit, inner)
    }

    func inspect(at now: Timestamp) async throws -> StoreInspection { try await inspecting(now, inner) }

    func snapshot() async throws -> any StoreSnapshot { try await copying(inner) }

    func load(_ items: [StoreItem], moving mark: StoreRecord) async throws -> Bool {
        try await loading(items, mark, inner)
    }

    /// A plugin with the store, which says that it keeps nothing.
    static func underTest(_ change: @escaping @Sendable (inout FaultyStore) -> Void) -> PluginUnderTest {
        lasting(change).forgetting()
    }

    /// A plugin with the store, which does not say that it keeps nothing.
    static func lasting(_ change: @escaping @Sendable (inout FaultyStore) -> Void) -> PluginUnderTest {
        ClosurePlugin.underTest { plugin, _, _ in
            var store = FaultyStore()
            change(&store)
            plugin.add = { [store] in $0.add(store: store) }
        }
    }
}

extension FaultyStore.Query {
    func run(in store: any Store) async throws -> [StoreRecord] {
        guard let index else { return try await store.page(collection, after: after, limit: limit) }
        return try await store.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func with(_ change: (inout FaultyStore.Query) -> Void) -> FaultyStore.Query {
        var copy = self
        change(&copy)
        return copy
    }
}
