// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// A store in memory that does only what every store must: it knows no changes, and is not portable.
struct PlainStore: Store {
    private let inner: any Store = TestHost().records

    func prepare(_ collections: [StoreCollection]) async throws { try await inner.prepare(collections) }
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await inner.read(keys) }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { try await inner.write(writes) }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
    }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await inner.page(collection, after: after, limit: limit)
    }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await inner.increment(key, expiresAt: expiresAt, now: now)
    }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await inner.purge(expiredBefore: moment, limit: limit)
    }

    /// A plugin with the store.
    static var underTest: PluginUnderTest {
        ClosurePlugin.underTest { plugin, _, _ in
            let store = PlainStore()
            plugin.add = { $0.add(store: store) }
        }.forgetting()
    }
}
