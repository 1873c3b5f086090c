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
    private static let page = 200
    private static let most = 1000

    private let core: ServerCore
    private let memory: StoreMemory
    /// Is called with the names of collections that have changed.
    private let changed: @Sendable (Set<String>) -> Void
    /// The position up to which everything is known; nil before the tombstones were read.
    private var position: String?
    private var isFailing = false
    private var nextSweep = Timestamp(seconds: 0)

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
        sweep()
        guard !memory.ends.isFull else { return retreat() }
        guard let position else { return try await begin() }
        let start = memory.moment
        let found = try await core.store.changes(
            after: position, limit: StoreFollower.most, within: StoreFollower.patience)
        guard let found, let next = found.position else {
            self.position = nil
            core.logger.notice("the store does not know what has changed, so all revocations are read again")
            return .zero
        }
        try await take(found.keys)
        self.position = next
        guard found.keys.count < StoreFollower.most else { return .zero }
        memory.confirm(since: start)
        return found.keys.isEmpty ? StoreFollower.patience : StoreFollower.pace
    }

    // MARK: starting

    /// Reads all tombstones, after taking the position from which changes follow.
    private func begin() async throws -> Duration {
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
            remember(tombstones)
            last = tombstones.count < StoreFollower.page ? nil : tombstones.last?.key
            guard !memory.ends.isFull else { return retreat() }
            try Task.checkCancellation()
        } while last != nil
        position = start
        return .zero
    }

    private func remember(_ tombstones: [StoreRecord]) {
        let now = core.now
        for tombstone in tombstones where tombstone.expiresAt > now { memory.remember(tombstone) }
    }

    /// Gives the memory up for some time, and lets every token be checked in the store.
    private func retreat() -> Duration {
        core.logger.warning("there are too many revocations to keep in memory, so each token is checked in the store")
        position = nil
        memory.stop()
        return StoreFollower.retreat
    }

    // MARK: following

    private func take(_ keys: [StoreKey]) async throws {
        var tombstones: [StoreKey] = []
        for key in keys {
            if key.collection == Tombstone.collection.name {
                tombstones.append(key)
            } else {
                memory.forget(key)
            }
        }
        for start in stride(from: 0, to: tombstones.count, by: StoreFollower.page) {
            let part = Array(tombstones[start...].prefix(StoreFollower.page))
            remember(try await core.store.read(part).compactMap(\.self))
        }
        if !keys.isEmpty { changed(Set(keys.map(\.collection))) }
    }

    /// Removes expired tombstones once a minute.
    private func sweep() {
        guard core.now >= nextSweep else { return }
        nextSweep = core.now + .seconds(60)
        memory.ends.removeExpired(core.now)
    }
}
