// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store in front of another one, which writes only the functions that it changes.
protocol StoreLayer: Store {
    var inner: any Store { get }
}

extension StoreLayer {
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

    func changes(after position: String?, limit: Int, within patience: Duration) async throws -> StoreChanges? {
        try await inner.changes(after: position, limit: limit, within: patience)
    }
}
