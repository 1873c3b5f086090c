// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// Removes expired records in small batches with pauses, so that requests wait little for them.
public final class StorePurger: Sendable {
    private static let batch = 100
    /// How many times as long as a batch the pause after it is, as long as the purge is not behind.
    private static let longestPause = 9

    private let core: ServerCore
    private let clock: any Clock<Duration>
    private let caughtUp: Mutex<Timestamp>

    /// Creates a purger, and a metric for how far it is behind.
    ///
    /// - Parameters:
    ///   - core: The server whose store is purged.
    ///   - clock: Measures batches and pauses.
    public init(_ core: ServerCore, clock: any Clock<Duration> = ContinuousClock()) {
        self.core = core
        self.clock = clock
        caughtUp = Mutex(core.now)
        core.metrics.show("grantor_store_purge_behind_seconds") { [weak self] in self?.secondsBehind ?? 0 }
    }

    private var secondsBehind: Int64 {
        (core.now - caughtUp.withLock { $0 }).components.seconds
    }

    /// Purges every ten seconds until the task is cancelled.
    public func run() async {
        while !Task.isCancelled {
            await round()
            try? await Task.sleep(for: .seconds(10))
        }
    }

    /// Purges until nothing is left, or until the task is cancelled.
    public func round() async {
        await round(by: clock)
    }

    private func round(by clock: some Clock<Duration>) async {
        do {
            while !Task.isCancelled {
                let (now, begin) = (core.now, clock.now)
                let removed = try await core.store.purge(expiredBefore: now, limit: StorePurger.batch)
                core.metrics.count(purged: removed)
                guard removed >= StorePurger.batch else { return caughtUp.withLock { $0 = now } }
                try? await clock.sleep(for: pause(after: begin.duration(to: clock.now)))
            }
        } catch {
            core.logger.error("purging failed", metadata: ["error": "\(error)"])
        }
    }

    /// How long requests have the store to themselves after a batch: less with each minute that the purge is behind, so
    /// that it keeps up with whatever expires.
    private func pause(after batch: Duration) -> Duration {
        batch * Int(max(0, Int64(StorePurger.longestPause) - secondsBehind / 60))
    }
}
