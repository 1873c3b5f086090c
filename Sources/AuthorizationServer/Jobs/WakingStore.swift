// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A store that wakes the runner when a write, of the core or of a plugin, commits new jobs.
struct WakingStore: StoreLayer {
    let inner: any Store
    let pending: PendingJobs

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let outcome = try await inner.write(writes)
        if case .committed = outcome { pending.wake(for: writes) }
        return outcome
    }
}
