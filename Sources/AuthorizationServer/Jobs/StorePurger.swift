// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// Removes expired records in small batches, so that requests do not wait long.
public final class StorePurger: Sendable {
    private static let batch = 500
    private static let batchesPerRound = 20

    private let core: ServerCore
    private let caughtUp: Mutex<Timestamp>

    /// Creates a purger, and a metric for how far it is behind.
    public init(_ core: ServerCore) {
        self.core = core
        caughtUp = Mutex(core.now)
        core.metrics.show("grantor_store_purge_behind_seconds") { [weak self] in self?.secondsBehind ?? 0 }
    }

    private var secondsBehind: Int64 {
        (core.now - caughtUp.withLock { $0 }).components.seconds
    }

    /// Purges every ten seconds, or more often while much is left, until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            let isDone = await round()
            try? await Task.sleep(for: isDone ? .seconds(10) : .milliseconds(50))
        }
    }

    /// Purges until nothing is left, or until other work should get a turn.
    ///
    /// - Returns: Whether nothing is left for now.
    @discardableResult
    public func round() async -> Bool {
        do {
            for _ in 0..<StorePurger.batchesPerRound {
                let now = core.now
                let removed = try await core.store.purge(expiredBefore: now, limit: StorePurger.batch)
                core.metrics.count(purged: removed)
                guard removed < StorePurger.batch else { continue }
                caughtUp.withLock { $0 = now }
                return true
            }
            return false
        } catch {
            core.logger.error("purging failed", metadata: ["error": "\(error)"])
            return true
        }
    }
}
