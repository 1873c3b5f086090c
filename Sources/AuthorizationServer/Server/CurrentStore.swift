// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The store as the current call may use it: a plugin may keep a service of the core that writes to the store for
/// longer than the request in which it got the service.
struct CurrentStore: Store {
    let core: ServerCore

    func prepare(_ collections: [StoreCollection]) async throws { try await core.store.prepare(collections) }
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await core.store.read(keys) }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { try await core.store.write(writes) }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await core.store.find(collection, by: index, equals: value, after: after, limit: limit)
    }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await core.store.page(collection, after: after, limit: limit)
    }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await core.store.increment(key, expiresAt: expiresAt, now: now)
    }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await core.store.purge(expiredBefore: moment, limit: limit)
    }
}
