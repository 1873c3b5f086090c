// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Work that is committed together with other work.
struct WriteJob: Sendable {
    enum Work: Sendable {
        case write([StoreWrite])
        case increment(StoreKey, expiresAt: Timestamp, now: Timestamp)
        case purge(expiredBefore: Timestamp, limit: Int)
    }

    enum Result: Sendable {
        case wrote(WriteOutcome)
        case counted(Int64)
    }

    let work: Work
    /// Whether the commit need not be flushed before it is reported.
    let isRelaxed: Bool
    /// The keys of followed collections that it writes to.
    var changed: [StoreKey] = []
    let deadline: ContinuousClock.Instant
    /// Takes the result, exactly once.
    let finish: @Sendable (Swift.Result<Result, StoreError>) -> Void
    /// How often it has been tried.
    var attempts = 0
    /// Whether it may be at fault for a failure.
    var isSuspect = false

    /// Whether it shares no transaction with other work.
    var isAlone: Bool {
        // A purge locks counters in another order than the rest.
        if case .purge = work { true } else { isSuspect }
    }

    /// The number of keys that it locks.
    var weight: Int {
        if case .write(let writes) = work { writes.count } else { 1 }
    }
}
