// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

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
        .create(QueuedJob.record(job, id: Base64.encode(random.bytes(16)), now: clock.now).lent())
    }

    /// The jobs that have been committed, and are neither done nor dropped.
    ///
    /// - Returns: The jobs, in the order in which they are due.
    /// - Throws: `StoreError`.
    public func queued() async throws -> [Job] {
        try await all().map(\.job)
    }

    /// All jobs, in the order in which they are due.
    func all() async throws -> [QueuedJob] {
        try await records.page(TestJobs.collection, after: nil, limit: 10_000).compactMap(QueuedJob.init)
            .sorted { $0.due < $1.due }
    }

    func remove(_ queued: QueuedJob) async throws {
        _ = try await records.write([.delete(queued.record.key)])
    }

    /// Moves a job that failed to a later time.
    ///
    /// - Returns: Whether time is left for another attempt; if not, the job is removed.
    func postpone(_ queued: QueuedJob) async throws -> Bool {
        guard let later = queued.later(clock.now) else {
            try await remove(queued)
            return false
        }
        _ = try await records.write([.replace(later, ifVersion: queued.record.version)])
        return true
    }
}
