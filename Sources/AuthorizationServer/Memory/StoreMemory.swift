// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// What a node keeps in memory of the store, so that a self-contained token is checked without a read (decision 0065).
package final class StoreMemory: Sendable {
    /// How long an answer of the store is relied on, from the moment of the question.
    private static let trust: Int64 = 1_000_000_000

    package let ends: KnownEnds
    let records = KeptRecords()
    private let environment: any ServerEnvironment
    private let start: ContinuousClock.Instant
    private let startTime: Timestamp
    /// Whether somebody feeds it, so that commits of this node belong into it.
    private let isFed = Atomic(false)
    /// Until when it is current, in nanoseconds since the start.
    private let end = Atomic<Int64>(0)

    /// Makes an empty memory, which is not current.
    ///
    /// - Parameters:
    ///   - environment: The clocks.
    ///   - most: The maximum number of tombstones.
    init(_ environment: any ServerEnvironment, atMost most: Int) {
        ends = KnownEnds(atMost: most)
        self.environment = environment
        (start, startTime) = (environment.uptime, environment.now)
    }

    /// The present moment in nanoseconds, by the clock that nobody sets.
    var moment: Int64 {
        let (seconds, attoseconds) = (environment.uptime - start).components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }

    /// The current time, or the one by the clock that nobody sets if that is later.
    private var latestNow: Timestamp { max(environment.now, startTime + .nanoseconds(moment)) }

    /// The current time, or the one by the clock that nobody sets if that is earlier.
    var earliestNow: Timestamp { min(environment.now, startTime + .nanoseconds(moment)) }

    /// Whether everything is known that was committed more than a second ago.
    package var isCurrent: Bool { moment < end.load(ordering: .acquiring) }

    /// Whether one of some tombstones, which are all that could end a token, does; nil if only the store knows.
    func hasEnded(by tombstones: [StoreKey], tokenFrom issued: Timestamp) -> Bool? {
        let hasEnded = tombstones.contains { ends.contains($0.id) }
        // Asked last: what is dropped meanwhile is not found.
        return isCurrent && ends.cover(tokenFrom: issued) ? hasEnded : nil
    }

    // MARK: feeding

    /// Begins to take commits of this node.
    func begin() {
        isFed.store(true, ordering: .sequentiallyConsistent)
    }

    /// Relies on the memory for a second from a moment on, if everything is known that was committed before it.
    func confirm(since moment: Int64) {
        end.store(moment &+ StoreMemory.trust, ordering: .releasing)
    }

    /// Answers nothing until everything was read again, and keeps what is known.
    func doubt() {
        end.store(0, ordering: .releasing)
        ends.doubt()
    }

    /// Forgets everything, and takes no more commits.
    func stop() {
        end.store(0, ordering: .releasing)
        isFed.store(false, ordering: .sequentiallyConsistent)
        records.forgetAll()
        ends.removeAll()
    }

    /// Takes a commit of this node.
    ///
    /// - Parameter writes: The writes that were committed.
    func note(_ writes: [StoreWrite]) {
        for write in writes {
            switch write {
            case .create(let record), .replace(let record, _): note(record.key)
            case .redeem(let key), .delete(let key): note(key)
            default: break
            }
        }
    }

    /// Takes the key of a record that this node has written, or has found in the way of a write.
    func note(_ key: StoreKey) {
        if key.collection != Tombstone.collection.name || isFed.load(ordering: .sequentiallyConsistent) { take(key) }
    }

    /// Takes the key of a record that was written just now: remembers a tombstone, and forgets another record if such
    /// records are kept.
    func take(_ key: StoreKey) {
        if key.collection == Tombstone.collection.name {
            ends.insert(key.id, at: latestNow)
        } else if KeptRecords.collections.contains(key.collection) {
            records.forget(key)
        }
    }
}
