// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A background job: a record that is kept until the job is done or its time limit has passed.
///
/// A node that runs a job moves `due` into the future by compare-and-swap, so that no other node runs it too; if the
/// node dies, the job is due again.
///
/// The key is `<lane>.<due>.<random>`. A lane holds the jobs for one destination in the order in which they are due.
struct StoredJob: Sendable {
    static let collection = StoreCollection("job", indexes: ["queue"])
    static let queue = "all"
    /// The time for which a node has a job to itself.
    static let lease = Duration.seconds(60)
    /// The time for which the record outlives its time limit.
    ///
    /// After a failure, the jobs for a destination are not read for some time, and a purge would remove them silently.
    static let grace = Duration.seconds(86400)

    let record: StoreRecord
    let handler: String
    let payload: JSON
    let attempts: Int64
    let due: Timestamp
    /// The end of the time limit; nil if the record has none apart from its own end.
    let limit: Timestamp?

    init?(_ record: StoreRecord) {
        guard let handler = record.value["handler"]?.string else { return nil }
        self.record = record
        self.handler = handler
        payload = record.value["payload"] ?? .null
        attempts = record.value["attempts"]?.integer ?? 0
        due = Timestamp(seconds: record.value["due"]?.integer ?? 0)
        limit = record.value["limit"]?.integer.map { Timestamp(seconds: $0) }
    }

    /// The time at which the job is abandoned.
    var end: Timestamp { limit ?? record.expiresAt }

    /// The record of a new job, which is due now or at its own time.
    static func record(_ job: Job, in core: ServerCore) -> StoreRecord {
        let due = max(core.now, job.notBefore ?? core.now)
        let lane = JobLane.name(job.handler, job.payload, core.cryptography)
        return StoreRecord(
            collection.key(JobLane.key(lane, due: due, core.random(bytes: 16))),
            [
                "handler": .string(job.handler), "payload": job.payload, "attempts": 0,
                "due": .integer(due.seconds), "limit": .integer((due + job.limit).seconds),
            ], expiresAt: due + job.limit + grace, indexes: ["queue": queue])
    }

    var lane: String { JobLane.name(of: record.key.id) }

    /// The destination of the job, if its payload names one.
    var destination: String? { JobLane.destination(payload) }

    /// The record while a node runs the job.
    func leased(until end: Timestamp) -> StoreRecord {
        var next = record
        next.value["due"] = .integer(end.seconds)
        next.value["attempts"] = .integer(attempts &+ 1)
        return next
    }

    /// The record of the next attempt, which comes after jobs that are due earlier.
    func later(_ due: Timestamp, _ core: ServerCore) -> StoreRecord {
        var value = record.value
        value["due"] = .integer(due.seconds)
        value["attempts"] = .integer(attempts &+ 1)
        let lane = JobLane.name(handler, payload, core.cryptography)
        return StoreRecord(
            StoredJob.collection.key(JobLane.key(lane, due: due, core.random(bytes: 16))), value,
            expiresAt: record.expiresAt, indexes: record.indexes)
    }

    /// The emptied record, once the next attempt has its own; no index finds it, and the next purge removes it.
    ///
    /// A deletion ignores the version of a record, but the job may only move if this is still the record that was
    /// leased.
    func moved(at now: Timestamp) -> StoreRecord {
        StoreRecord(record.key, [:], expiresAt: now)
    }

    /// The pause after a number of attempts: 5 seconds at first, then twice as long each time, up to an hour.
    static func pause(after attempts: Int64) -> Duration {
        .seconds(min(5 << min(max(attempts, 0), 10), 3600))
    }
}
