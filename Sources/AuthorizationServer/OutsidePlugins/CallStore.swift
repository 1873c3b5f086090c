// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The store during a call of a plugin from outside, which refuses writes after the deadline of the call.
struct CallStore: Store {
    let base: any Store
    let call: PluginCall

    func prepare(_ collections: [StoreCollection]) async throws { try await base.prepare(collections) }
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await base.read(keys) }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await base.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await base.page(collection, after: after, limit: limit)
    }

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try call.checkTime()
        return try await base.write(writes)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try call.checkTime()
        return try await base.increment(key, expiresAt: expiresAt, now: now)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try call.checkTime()
        return try await base.purge(expiredBefore: moment, limit: limit)
    }
}
