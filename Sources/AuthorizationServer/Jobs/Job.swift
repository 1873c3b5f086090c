// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A background job: a row that is kept until it is done, or until its time is over.
///
/// A node that takes it in hand moves `due` by compare-and-swap, so that no other does it at the same time; if the node
/// dies meanwhile, the job is due again.
///
/// Its key is `<lane>.<due>.<random>`: a lane holds the jobs for one destination, those that are due first in front.
struct Job: Sendable {
    static let collection = StoreCollection("job", indexes: ["queue"])
    static let queue = "all"
    /// For how long a node has a job to itself.
    static let lease = Duration.seconds(60)

    let record: StoreRecord
    let handler: String
    let payload: JSON
    let attempts: Int64
    let due: Timestamp

    init?(_ record: StoreRecord) {
        guard let handler = record.value["handler"]?.string else { return nil }
        self.record = record
        self.handler = handler
        payload = record.value["payload"] ?? .null
        attempts = record.value["attempts"]?.integer ?? 0
        due = Timestamp(seconds: record.value["due"]?.integer ?? 0)
    }

    static func record(
        _ handler: String, _ payload: JSON, at now: Timestamp, _ limit: Duration, in core: ServerCore
    ) -> StoreRecord {
        let lane = JobLane.name(handler, payload, core.cryptography)
        return StoreRecord(
            collection.key(JobLane.key(lane, due: now, core.random(bytes: 16))),
            ["handler": .string(handler), "payload": payload, "attempts": 0, "due": .integer(now.seconds)],
            expiresAt: now + limit, indexes: ["queue": queue])
    }

    var lane: String { JobLane.name(of: record.key.id) }

    /// Whom the job concerns, if its payload says so.
    var destination: String? { JobLane.destination(payload) }

    /// The row as it stands while a node has the job in hand.
    func leased(until end: Timestamp) -> StoreRecord {
        var next = record
        next.value["due"] = .integer(end.seconds)
        next.value["attempts"] = .integer(attempts &+ 1)
        return next
    }

    /// The row in its later place, in front of which are those that are due before.
    func later(_ due: Timestamp, _ core: ServerCore) -> StoreRecord {
        var value = record.value
        value["due"] = .integer(due.seconds)
        value["attempts"] = .integer(attempts &+ 1)
        let lane = JobLane.name(handler, payload, core.cryptography)
        return StoreRecord(
            Job.collection.key(JobLane.key(lane, due: due, core.random(bytes: 16))), value, expiresAt: record.expiresAt,
            indexes: record.indexes)
    }

    /// What stays of the row once the job is in its later place, until the next purge: no index finds it.
    ///
    /// A row is removed whatever its version is, and the job may move only if the row is still the one that was leased.
    func moved(at now: Timestamp) -> StoreRecord {
        StoreRecord(record.key, [:], expiresAt: now)
    }

    /// How long to wait after so many attempts: 5 seconds, and twice as long each time, up to an hour.
    static func pause(after attempts: Int64) -> Duration {
        .seconds(min(5 << min(max(attempts, 0), 10), 3600))
    }
}
