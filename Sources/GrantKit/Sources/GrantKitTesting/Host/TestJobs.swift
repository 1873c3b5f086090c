// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The queue of a test's host: a job is there once its write has been committed, and runs when the test says so.
public final class TestJobs: JobService {
    static let collection = "job"

    private let records: any Store
    private let random: TestRandom
    private let clock: TestClock

    init(_ records: any Store, random: TestRandom, clock: TestClock) {
        self.records = records
        self.random = random
        self.clock = clock
    }

    /// The write that queues a job.
    public func enqueue(_ job: Job) async throws -> StoreWrite {
        let due = max(clock.now, job.notBefore ?? clock.now)
        return .create(
            StoreRecord(
                StoreKey(TestJobs.collection, Base64.encode(random.bytes(16))),
                ["handler": .string(job.handler), "payload": job.payload, "due": .integer(due.seconds)],
                expiresAt: due + job.limit))
    }

    /// The jobs that have been committed and have not run yet.
    ///
    /// - Returns: The jobs, without an order.
    /// - Throws: `StoreError`.
    public func queued() async throws -> [Job] {
        try await due(by: nil).map(\.job)
    }

    /// The jobs that are due at a time; nil means at any time.
    func due(by moment: Timestamp?) async throws -> [(key: StoreKey, job: Job)] {
        try await records.page(TestJobs.collection, after: nil, limit: 10_000).compactMap { record in
            let due = Timestamp(seconds: record.value["due"]?.integer ?? 0)
            if let moment, moment < due { return nil }
            var job = Job(
                record.value["handler"]?.string ?? "", record.value["payload"] ?? .null,
                limit: record.expiresAt - due)
            job.notBefore = due
            return (record.key, job)
        }
    }

    func remove(_ key: StoreKey) async throws {
        _ = try await records.write([.delete(key)])
    }
}
