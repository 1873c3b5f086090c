// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The count of attempts of one kind, without those that were right.
///
/// Each counts in its hour of the clock and in the next one. So no more than the free number of wrong ones pass in any
/// hour, wherever it begins.
struct AttemptTally {
    /// The counter of this hour, which decides.
    let hour: AttemptCounter
    let next: AttemptCounter

    /// Makes the tally for a moment.
    ///
    /// - Parameters:
    ///   - name: What is counted.
    ///   - store: The store.
    ///   - now: The current time.
    init(_ name: String, in store: any Store, at now: Timestamp) {
        let number = now.seconds / AttemptAllowance.window.components.seconds
        hour = AttemptCounter(store: store, now: now, name: "\(name).\(number)")
        next = AttemptCounter(store: store, now: now, name: "\(name).\(number + 1)")
    }

    /// The names of both counters.
    var names: [String] { [hour.name, next.name] }

    private var gate: AttemptGate {
        AttemptGate(store: hour.store, now: hour.now, key: SignInAttempts.counters.key("gate.\(hour.name)"))
    }

    /// How long an attempt would have to wait now; nil if it need not wait.
    ///
    /// Counts nothing.
    ///
    /// - Throws: `StoreError`.
    func wait() async throws -> Duration? { try await gate.wait() }

    /// Counts an attempt: the free ones pass, then one after each wait, even if many come at once.
    ///
    /// - Returns: Nil if the attempt passes, otherwise how long to wait.
    /// - Throws: `StoreError`.
    func pass(_ allowance: AttemptAllowance) async throws -> Duration? {
        // Read first: what is noted as right by then was counted before this attempt. So no more than the free number
        // of wrong ones pass, whatever happens at the same time.
        let right = try await hour.right()
        let count = try await hour.count()
        _ = try await next.count()
        if count - right <= allowance.free { return nil }
        return try await gate.pass(window: AttemptAllowance.window, delay: allowance.delay)
    }
}
