// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store that can be read, and ignores writes.
struct ReadOnlyStore: Store {
    let base: any Store

    func prepare(_ collections: [StoreCollection]) async throws {}
    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await base.read(keys) }
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { .committed }
    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await base.find(collection, by: index, equals: value, after: after, limit: limit)
    }
    func page(_ collection: String, after: StoreKey?, limit: Int) async throws -> [StoreRecord] {
        try await base.page(collection, after: after, limit: limit)
    }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 { 1 }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { 0 }
}
