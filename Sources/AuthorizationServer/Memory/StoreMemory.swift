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
        (self.environment, start) = (environment, environment.uptime)
    }

    /// The present moment in nanoseconds, by the clock that nobody sets.
    var moment: Int64 {
        let (seconds, attoseconds) = (environment.uptime - start).components
        return seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000
    }

    /// Whether everything is known that was committed more than a second ago.
    package var isCurrent: Bool { moment < end.load(ordering: .acquiring) }

    // MARK: feeding

    /// Begins to take commits of this node.
    func begin() {
        isFed.store(true, ordering: .sequentiallyConsistent)
    }

    /// Relies on the memory for a second from a moment on, if everything is known that was committed before it.
    func confirm(since moment: Int64) {
        end.store(moment &+ StoreMemory.trust, ordering: .releasing)
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
            case .create(let record): note(record)
            case .replace(let record, _): forget(record.key)
            case .redeem(let key), .delete(let key): forget(key)
            default: break
            }
        }
    }

    /// Takes a record that this node has created, or has found in the store.
    func note(_ record: StoreRecord) {
        guard record.key.collection == Tombstone.collection.name else { return forget(record.key) }
        if isFed.load(ordering: .sequentiallyConsistent) { remember(record) }
    }

    /// Remembers a tombstone.
    func remember(_ tombstone: StoreRecord) {
        ends.insert(tombstone.key.id, until: tombstone.expiresAt, now: environment.now)
    }

    /// Forgets a record that has changed, if records of its collection are kept.
    func forget(_ key: StoreKey) {
        if KeptRecords.collections.contains(key.collection) { records.forget(key) }
    }
}
