// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The ids of all tombstones that have not expired (decision 0065).
///
/// They are in many small tables with a lock each, so that a look-up waits for nobody, and allocates nothing.
package final class KnownEnds: Sendable {
    /// The maximum number of tombstones, which take 64 megabytes.
    package static let most = 2_000_000
    private static let shards = 64

    private final class Shard: Sendable {
        let table = Mutex(EndTable())
    }

    private let shards = (0..<KnownEnds.shards).map { _ in Shard() }
    private let most: Int

    /// Makes an empty set.
    ///
    /// - Parameter most: The maximum number of tombstones.
    init(atMost most: Int) {
        self.most = most
    }

    private func shard(of hash: EndHash) -> Shard {
        // The low bits choose the place within a table.
        shards[Int(truncatingIfNeeded: hash.high >> 58) & (KnownEnds.shards - 1)]
    }

    /// Whether there is a tombstone with an id.
    func contains(_ id: String) -> Bool {
        let hash = EndHash(id)
        return shard(of: hash).table.withLock { $0.contains(hash) }
    }

    /// Inserts the id of a tombstone.
    ///
    /// - Parameters:
    ///   - id: The id.
    ///   - end: The time at which the tombstone expires.
    ///   - now: The current time.
    func insert(_ id: String, until end: Timestamp, now: Timestamp) {
        let hash = EndHash(id)
        shard(of: hash).table.withLock { $0.insert(hash, until: end, now: now) }
    }

    /// Removes what has expired.
    func removeExpired(_ now: Timestamp) {
        for shard in shards { shard.table.withLock { $0.removeExpired(now) } }
    }

    /// Removes everything, and frees the memory.
    func removeAll() {
        for shard in shards { shard.table.withLock { $0 = EndTable() } }
    }

    /// The number of tombstones.
    package var count: Int { shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.count } } }

    /// Whether there are more tombstones than the maximum.
    var isFull: Bool { count > most }

    /// The number of bytes of the tables.
    package var bytes: Int { shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.capacity } } * 16 }
}
