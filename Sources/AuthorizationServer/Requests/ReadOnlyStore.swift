// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store that can be read, and ignores writes.
struct ReadOnlyStore: StoreLayer {
    let inner: any Store

    func prepare(_ collections: [StoreCollection]) async throws {}
    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome { .committed }
    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 { 1 }
    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int { 0 }
}
