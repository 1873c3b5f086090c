// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Attempts that are counted under one name, and how many of them were right.
///
/// A counter of the store only goes up, so a record beside it says how many were right.
struct AttemptCounter {
    let store: any Store
    let now: Timestamp
    let name: String

    /// The most attempts to note a success beside others; one that is lost counts as wrong.
    private static let tries = 8
    /// A counter is used in two hours of the clock.
    private static let lifetime = AttemptAllowance.window * 2

    private var credit: StoreKey { SignInAttempts.counters.key("right.\(name)") }

    /// Counts an attempt.
    ///
    /// - Returns: The number of attempts, from 1.
    /// - Throws: `StoreError`.
    func count() async throws -> Int64 {
        try await store.increment(
            SignInAttempts.counters.key(name), expiresAt: now + AttemptCounter.lifetime, now: now)
    }

    /// The number of attempts that were right.
    ///
    /// - Throws: `StoreError`.
    func right() async throws -> Int64 { AttemptCounter.right(try await store.read(credit)) }

    /// Notes that an attempt was right.
    ///
    /// - Throws: `StoreError`.
    func giveBack() async throws {
        for _ in 0..<AttemptCounter.tries {
            let found = try await store.read(credit)
            var record = found ?? StoreRecord(credit, [:], expiresAt: now + AttemptCounter.lifetime)
            record.value = ["right": .integer(AttemptCounter.right(found) &+ 1)]
            let write: StoreWrite = found == nil ? .create(record) : .replace(record, ifVersion: record.version)
            if try await store.write([write]) == .committed { return }
        }
    }

    private static func right(_ record: StoreRecord?) -> Int64 {
        max(0, record?.value["right"]?.integer ?? 0)
    }
}
