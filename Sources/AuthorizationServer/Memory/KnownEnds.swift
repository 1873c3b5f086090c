// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The ids of all tombstones that were written since a moment (decision 0065).
///
/// They are in many small tables with a lock each, so that a look-up waits for nobody, and allocates nothing.
package final class KnownEnds: Sendable {
    /// The maximum number of tombstones, which take 64 megabytes.
    package static let most = 2_000_000
    /// By how much the time of issue in a token may be later than the time in a tombstone that ends it: clocks differ, and
    /// a commit takes time.
    static let margin = Duration.seconds(3600)
    private static let shards = 64

    private final class Shard: Sendable {
        let table = Mutex(EndTable())
    }

    private let shards = (0..<KnownEnds.shards).map { _ in Shard() }
    private let most: Int
    private let start = Atomic<Int64>(.min)

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
    ///   - moment: The time at which the tombstone was written, or a later one.
    func insert(_ id: String, at moment: Timestamp) {
        let (hash, since) = (EndHash(id), since)
        guard moment >= since else { return }
        shard(of: hash).table.withLock { $0.insert(hash, at: moment, since: since) }
    }

    /// The moment from which on all tombstones are here.
    var since: Timestamp { Timestamp(seconds: start.load(ordering: .acquiring)) }

    /// Whether any tombstone that ends a token of a certain time would be here; to be asked after looking for them.
    func cover(tokenFrom issued: Timestamp) -> Bool { issued >= since + KnownEnds.margin }

    /// Drops what was written before a moment.
    func drop(before moment: Timestamp) {
        // First of all, so that a look-up that misses what is dropped does not count.
        let since = start.max(moment.seconds, ordering: .acquiringAndReleasing).newValue
        for shard in shards { shard.table.withLock { $0.drop(before: Timestamp(seconds: since)) } }
    }

    /// Keeps what is here until it is known again since when all tombstones are.
    func doubt() {
        start.store(.min, ordering: .releasing)
    }

    /// Removes everything, and frees the memory.
    func removeAll() {
        doubt()
        for shard in shards { shard.table.withLock { $0 = EndTable() } }
    }

    /// The number of tombstones.
    package var count: Int { shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.count } } }

    /// Whether there are more tombstones than the maximum.
    var isFull: Bool { count > most }

    /// The number of bytes of the tables.
    package var bytes: Int { shards.reduce(0) { sum, shard in sum + shard.table.withLock { $0.capacity } } * 16 }
}
