// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A job in the queue of a test's host, with the times that a server has for it.
struct QueuedJob: Sendable {
    /// The time for which the record outlives the time limit, so that the server can say that the job was dropped.
    private static let grace = Duration.seconds(86400)

    let record: StoreRecord
    let job: Job
    let due: Timestamp
    /// The time at which it is dropped.
    let end: Timestamp
    private let attempts: Int64

    /// Reads a record of the queue; nil if it is none.
    init?(_ record: StoreRecord) {
        guard record.key.collection == TestJobs.collection, let handler = record.value["handler"]?.string else {
            return nil
        }
        self.record = record
        due = Timestamp(seconds: record.value["due"]?.integer ?? 0)
        end = Timestamp(seconds: record.value["limit"]?.integer ?? 0)
        attempts = record.value["attempts"]?.integer ?? 0
        var job = Job(handler, record.value["payload"] ?? .null, limit: end - due)
        job.notBefore = due
        self.job = job
    }

    /// The record of a new job.
    static func record(_ job: Job, id: String, now: Timestamp) -> StoreRecord {
        let due = max(now, job.notBefore ?? now)
        return StoreRecord(
            StoreKey(TestJobs.collection, id),
            [
                "handler": .string(job.handler), "payload": job.payload, "attempts": 0, "due": .integer(due.seconds),
                "limit": .integer((due + job.limit).seconds),
            ], expiresAt: due + job.limit + grace)
    }

    /// The record after a failed attempt; nil if no time is left for another one.
    func later(_ now: Timestamp) -> StoreRecord? {
        let due = now + pause
        guard due < end else { return nil }
        var later = record
        later.value["due"] = .integer(due.seconds)
        later.value["attempts"] = .integer(attempts &+ 1)
        return later
    }

    /// 5 seconds at first, then twice as long each time, up to an hour.
    private var pause: Duration {
        .seconds(min(5 << min(max(attempts, 0), 10), 3600))
    }
}
