// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Lets one attempt pass at a time, each after a longer wait than the one before.
///
/// Its state is in the store: compare-and-swap decides which of many attempts passes, on whatever node they arrive.
struct AttemptGate {
    let store: any Store
    let now: Timestamp
    let key: StoreKey

    /// Closes the gate before its first attempt, unless it already is closed.
    ///
    /// - Parameters:
    ///   - delay: How many seconds until an attempt can pass.
    ///   - window: How long the gate is remembered.
    /// - Throws: `StoreError`.
    func close(for delay: Int64, window: Duration) async throws {
        let found = try await store.read(key)
        guard live(found) == nil else { return }
        _ = try await set(passed: 0, delay: delay, until: now + window, over: found)
    }

    /// Makes the next attempt wait as if one had just passed.
    ///
    /// - Throws: `StoreError`.
    func restart(for delay: Int64) async throws {
        let found = try await store.read(key)
        _ = try await set(passed: 1, delay: delay, until: now + .seconds(delay), over: found)
    }

    /// Lets an attempt pass if it is due.
    ///
    /// - Parameters:
    ///   - isOpen: Whether the first attempt passes if the gate has never been closed.
    ///   - window: How long a new gate is remembered.
    ///   - delay: The seconds until the next attempt, given the number of attempts that have passed.
    /// - Returns: Nil if the attempt passes, otherwise how long to wait.
    /// - Throws: `StoreError`.
    func pass(isOpen: Bool = false, window: Duration, delay: (Int64) -> Int64) async throws -> Duration? {
        let found = try await store.read(key)
        guard let live = live(found) else {
            let passed: Int64 = isOpen ? 1 : 0
            let isFirst = try await set(passed: passed, delay: delay(passed), until: now + window, over: found)
            return isOpen && isFirst ? nil : .seconds(delay(passed))
        }
        let row = Row(live)
        guard now.seconds >= row.next else { return .seconds(row.next - now.seconds) }
        let passed = row.passed &+ 1
        let isFirst = try await set(passed: passed, delay: delay(passed), until: live.expiresAt, over: live)
        return isFirst ? nil : .seconds(delay(passed))
    }

    /// How long an attempt has to wait that comes now, without counting it; nil if it is due.
    ///
    /// - Throws: `StoreError`.
    func wait() async throws -> Duration? {
        guard let live = live(try await store.read(key)) else { return nil }
        let next = Row(live).next
        return now.seconds < next ? .seconds(next - now.seconds) : nil
    }

    private func live(_ found: StoreRecord?) -> StoreRecord? {
        found.flatMap { $0.expiresAt > now ? $0 : nil }
    }

    /// - Returns: Whether the write won over concurrent attempts.
    private func set(
        passed: Int64, delay: Int64, until end: Timestamp, over found: StoreRecord?
    ) async throws -> Bool {
        let row = Row(passed: passed, next: now.seconds + delay)
        var record = found ?? StoreRecord(key, row.value, expiresAt: end)
        (record.value, record.expiresAt) = (row.value, end)
        let write: StoreWrite = found == nil ? .create(record) : .replace(record, ifVersion: record.version)
        return try await store.write([write]) == .committed
    }
}

extension AttemptGate {
    /// What the store keeps of a gate.
    struct Row {
        /// How many attempts have passed.
        let passed: Int64
        /// When the next one may pass, in seconds since 1970.
        let next: Int64

        init(passed: Int64, next: Int64) {
            (self.passed, self.next) = (passed, next)
        }

        init(_ record: StoreRecord) {
            passed = record.value["passed"]?.integer ?? 0
            next = record.value["next"]?.integer ?? 0
        }

        var value: JSON { ["passed": .integer(passed), "next": .integer(next)] }
    }
}
