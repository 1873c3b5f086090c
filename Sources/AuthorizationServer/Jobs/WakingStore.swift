// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store that wakes the runner when a write, of the core or of a plugin, commits new jobs.

struct WakingStore: Store {
    let inner: any Store
    let pending: PendingJobs

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let outcome = try await inner.write(writes)
        if case .committed = outcome { pending.wake(for: writes) }
        return outcome
    }

    func prepare(_ collections: [StoreCollection]) async throws { try await inner.prepare(collections) }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await inner.read(keys) }

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
}
