// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The store during a call of a plugin from outside, which refuses writes after the deadline of the call.
struct CallStore: StoreLayer {
    let inner: any Store
    let call: PluginCall

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        try call.checkTime()
        return try await inner.write(writes)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try call.checkTime()
        return try await inner.increment(key, expiresAt: expiresAt, now: now)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try call.checkTime()
        return try await inner.purge(expiredBefore: moment, limit: limit)
    }
}
