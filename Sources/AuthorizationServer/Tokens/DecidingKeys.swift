// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The keys of the records that decided on a token in the store when it was last presented (decision 0068).
///
/// They only say what to read together with the record of the token. Whether it is valid is decided by what is read.
final class DecidingKeys: Sendable {
    private static let shards = 16
    /// The capacity of each half of a shard: recently used keys are in either, and the older half is dropped when the
    /// younger is full.
    private static let half = 256

    private struct State {
        var young: [StoreKey: [StoreKey]] = [:]
        var old: [StoreKey: [StoreKey]] = [:]

        mutating func find(_ token: StoreKey) -> [StoreKey]? {
            if let keys = young[token] { return keys }
            guard let keys = old.removeValue(forKey: token) else { return nil }
            keep(keys, for: token)
            return keys
        }

        mutating func keep(_ keys: [StoreKey], for token: StoreKey) {
            if young.count >= DecidingKeys.half { (old, young) = (young, [:]) }
            young[token] = keys
        }
    }

    private final class Shard: Sendable {
        let state = Mutex(State())
    }

    private let shards = (0..<DecidingKeys.shards).map { _ in Shard() }

    /// The keys for a token with a record at a key; nil if they are not known.
    subscript(token: StoreKey) -> [StoreKey]? {
        get { shard(of: token).state.withLock { $0.find(token) } }
        set { if let newValue { shard(of: token).state.withLock { $0.keep(newValue, for: token) } } }
    }

    private func shard(of key: StoreKey) -> Shard { shards[key.hashValue & (DecidingKeys.shards - 1)] }
}
