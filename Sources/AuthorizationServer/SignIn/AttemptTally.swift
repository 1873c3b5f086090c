// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The count of attempts in one hour of the clock, without those that were right.
///
/// A counter of the store only goes up, so a record beside it says how many were right. Both belong to the same hour,
/// so neither outlives the other.
struct AttemptTally {
    let store: any Store
    let now: Timestamp
    /// The name of the counter, which contains the hour.
    let name: String

    /// How often to try to note a success while others do the same.
    ///
    /// A success that cannot be noted counts as wrong.
    private static let tries = 8

    private var counter: StoreKey { SignInAttempts.counters.key(name) }
    private var credit: StoreKey { SignInAttempts.counters.key("right.\(name)") }
    private var gate: AttemptGate {
        AttemptGate(store: store, now: now, key: SignInAttempts.counters.key("gate.\(name)"))
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
        let right = AttemptTally.right(try await store.read(credit))
        let count = try await store.increment(counter, expiresAt: now + AttemptAllowance.window, now: now)
        if count - right <= allowance.free { return nil }
        return try await gate.pass(window: AttemptAllowance.window, delay: allowance.delay)
    }

    /// Notes that an attempt was right.
    ///
    /// - Throws: `StoreError`.
    func giveBack() async throws {
        for _ in 0..<AttemptTally.tries {
            let found = try await store.read(credit)
            var record = found ?? StoreRecord(credit, [:], expiresAt: now + AttemptAllowance.window)
            record.value = ["right": .integer(AttemptTally.right(found) &+ 1)]
            let write: StoreWrite = found == nil ? .create(record) : .replace(record, ifVersion: record.version)
            if try await store.write([write]) == .committed { return }
        }
    }

    private static func right(_ record: StoreRecord?) -> Int64 {
        max(0, record?.value["right"]?.integer ?? 0)
    }
}
