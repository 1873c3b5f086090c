// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// Feeds the memory of a node with the changes of the store, which other nodes and commands make too (decision 0065).
package actor StoreFollower {
    /// How long the store may wait for a change, so that it is asked at least four times a second.
    private static let patience = Duration.milliseconds(250)
    /// The shortest time from one question to the next, so that many changes share one.
    private static let pace = Duration.milliseconds(50)
    /// How long a node that has too many tombstones, or a store without changes, is left alone.
    private static let retreat = Duration.seconds(600)
    /// Up to which age of a token the memory answers, unless the configuration allows longer tokens: the longest life that
    /// a client in the store usually gives.
    private static let reach = ClientDocument.longestOfStored
    /// The shortest such age; a node that has too many tombstones even then keeps none.
    private static let leastReach = Duration.seconds(900)
    private static let minute: Int64 = 60_000_000_000
    private static let page = 200
    private static let most = 1000

    private let core: ServerCore
    private let memory: StoreMemory
    /// Is called with the names of collections that have changed.
    private let changed: @Sendable (Set<String>) -> Void
    /// The position up to which everything is known; nil before the tombstones were read.
    private var position: String?
    private var isFailing = false
    private var nextSweep: Int64 = 0

    /// Makes a follower of a server's store.
    ///
    /// - Parameters:
    ///   - core: The server.
    ///   - changed: Is called with the names of collections that have changed.
    package init(_ core: ServerCore, changed: @escaping @Sendable (Set<String>) -> Void = { _ in }) {
        (self.core, memory, self.changed) = (core, core.memory, changed)
        core.metrics.show("grantor_revocations_kept") { [memory] in Int64(memory.ends.count) }
        core.metrics.show("grantor_store_followed") { [memory] in memory.isCurrent ? 1 : 0 }
    }

    /// Follows the store until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            let start = memory.moment
            let pause = await step()
            let spent = Duration.nanoseconds(memory.moment &- start)
            if pause > spent { try? await Task.sleep(for: pause - spent) }
        }
        memory.stop()
    }

    /// Asks the store once.
    ///
    /// - Returns: The time from the beginning of this question to that of the next one.
    @discardableResult
    package func step() async -> Duration {
        do {
            let pause = try await ask()
            if isFailing { core.logger.notice("the changes of the store can be read again") }
            isFailing = false
            return pause
        } catch {
            if !isFailing, !Task.isCancelled {
                core.logger.error("the changes of the store cannot be read", metadata: ["error": "\(error)"])
            }
            isFailing = true
            return StoreFollower.patience
        }
    }

    private func ask() async throws -> Duration {
        checkClock()
        sweep()
        guard makeRoom() else { return retreat() }
        guard let position else { return try await begin() }
        let start = memory.moment
        let found = try await core.store.changes(
            after: position, limit: StoreFollower.most, within: StoreFollower.patience)
        guard let found, let next = found.position else {
            self.position = nil
            core.logger.notice("the store does not know what has changed, so all revocations are read again")
            return .zero
        }
        take(found.keys)
        self.position = next
        guard found.keys.count < StoreFollower.most else { return .zero }
        memory.confirm(since: start)
        return found.keys.isEmpty ? StoreFollower.patience : StoreFollower.pace
    }

    // MARK: starting

    /// Reads all tombstones, after taking the position from which changes follow.
    ///
    /// Those that no token needs any more are dropped at once: no store can leave them out without another index.
    private func begin() async throws -> Duration {
        memory.ends.drop(before: oldest)
        memory.begin()
        let found = try await core.store.changes(after: nil, limit: StoreFollower.most, within: .zero)
        guard let start = found?.position else {
            memory.stop()
            return StoreFollower.retreat
        }
        // What was read before the position may have changed before it, which nothing would report.
        memory.records.forgetAll()
        var last: StoreKey?
        repeat {
            let tombstones = try await core.store.page(
                Tombstone.collection.name, after: last, limit: StoreFollower.page)
            for tombstone in tombstones { memory.ends.insert(tombstone.key.id, at: Tombstone.moment(of: tombstone)) }
            last = tombstones.count < StoreFollower.page ? nil : tombstones.last?.key
            guard makeRoom() else { return retreat() }
            try Task.checkCancellation()
            // A store on this machine may never suspend, and there may be millions.
            await Task.yield()
        } while last != nil
        position = start
        return .zero
    }

    /// Gives the memory up for some time, and lets every token be checked in the store.
    private func retreat() -> Duration {
        core.logger.warning("there are too many revocations to keep in memory, so each token is checked in the store")
        position = nil
        memory.stop()
        return StoreFollower.retreat
    }

    // MARK: following

    private func take(_ keys: [StoreKey]) {
        for key in keys { memory.take(key) }
        if !keys.isEmpty { changed(Set(keys.map(\.collection))) }
    }

    // MARK: dropping

    /// The moment before which no tombstone is needed: what it ended has expired.
    ///
    /// If a reload allows longer tokens, this moment stays where it is until they have reached that age.
    private var oldest: Timestamp {
        moment(reaching: max(core.generation?.longestSelfContained ?? .zero, StoreFollower.reach))
    }

    /// The moment since when tombstones are needed to answer for tokens up to an age.
    private func moment(reaching age: Duration) -> Timestamp {
        memory.earliestNow + (.zero - age - KnownEnds.margin)
    }

    /// Drops once a minute what is no longer needed.
    private func sweep() {
        guard memory.moment >= nextSweep else { return }
        nextSweep = memory.moment &+ StoreFollower.minute
        memory.ends.drop(before: oldest)
    }

    /// Halves the age up to which the memory answers as long as there are too many tombstones.
    ///
    /// It grows again with the time. Until then, older tokens are checked in the store.
    ///
    /// - Returns: Whether there is room.
    private func makeRoom() -> Bool {
        while memory.ends.isFull {
            let reach = (memory.earliestNow - memory.ends.since - KnownEnds.margin) / 2
            guard reach >= StoreFollower.leastReach else { return false }
            memory.ends.drop(before: moment(reaching: reach))
            core.logger.notice(
                "there are too many revocations to keep in memory, so older tokens are checked in the store",
                metadata: ["older than": "\(reach.components.seconds) s"])
        }
        return true
    }

    /// Begins again if the clock was ahead and is right again: until then, nothing would count as recent enough.
    private func checkClock() {
        guard memory.ends.since > memory.earliestNow else { return }
        position = nil
        memory.doubt()
    }
}
