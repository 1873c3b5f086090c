// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// Something that was put off: a row that stands until it is done, or until its time is over.
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
            StoreKey("job", JobLane.key(lane, due: now, core.random(bytes: 16))),
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
        next.value["attempts"] = .integer(attempts + 1)
        return next
    }

    /// The row in its later place, in front of which are those that are due before.
    func later(_ due: Timestamp, _ core: ServerCore) -> StoreRecord {
        var value = record.value
        value["due"] = .integer(due.seconds)
        value["attempts"] = .integer(attempts + 1)
        let lane = JobLane.name(handler, payload, core.cryptography)
        return StoreRecord(
            StoreKey("job", JobLane.key(lane, due: due, core.random(bytes: 16))), value, expiresAt: record.expiresAt,
            indexes: record.indexes)
    }

    /// What stays of the row once the job stands in its later place, until the next purge: no index finds it.
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

/// The jobs for one destination, whose keys follow each other in the store.
enum JobLane {
    /// Whom a payload is for: handlers whose jobs go to many say so, and then none of those delays another.
    static func destination(_ payload: JSON) -> String? {
        payload["destination"]?.string ?? payload["client"]?.string
    }

    static func name(_ handler: String, _ payload: JSON, _ cryptography: any CryptographyService) -> String {
        cryptography.digest("\(handler)\u{0}\(destination(payload) ?? "")")
    }

    static func key(_ lane: String, due: Timestamp, _ random: String) -> String {
        let digits = String(max(due.seconds, 0))
        return "\(lane).\(String(repeating: "0", count: max(0, 12 - digits.utf8.count)))\(digits).\(random)"
    }

    /// The lane of a key; a key without one is a lane of its own.
    static func name(of key: String) -> String {
        key.utf8.firstIndex(of: UInt8(ascii: ".")).map { String(key[..<$0]) } ?? key
    }

    /// When the job of a key was due when it got its place.
    static func due(of key: String) -> Timestamp {
        let parts = key.utf8.split(separator: UInt8(ascii: "."))
        return Timestamp(seconds: parts.count == 3 ? Int64(String(decoding: parts[1], as: UTF8.self)) ?? 0 : 0)
    }

    /// Before all keys of a lane, and behind all of them: the characters around digits and letters of base64url.
    static func start(_ lane: String) -> String { "\(lane)." }
    static func end(_ lane: String) -> String { "\(lane)/" }
}

/// Tells the node's runner which lanes have got jobs.
final class PendingJobs: Sendable {
    /// What was told and not taken yet.
    private let waiting = Mutex(JobSearch())
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Has the jobs found that were just committed, if there are any.
    func wake(for writes: [StoreWrite]) {
        let lanes = writes.compactMap { write -> String? in
            guard case .create(let record) = write, record.key.collection == Job.collection.name,
                record.value["attempts"]?.integer == 0
            else { return nil }
            return JobLane.name(of: record.key.id)
        }
        if !lanes.isEmpty { wake(lanes) }
    }

    func wake(_ lanes: [String]) {
        waiting.withLock { waiting in
            for lane in lanes { waiting.add(lane) }
        }
        continuation.yield()
    }

    func wakeAll() {
        waiting.withLock { $0.addAll() }
        continuation.yield()
    }

    /// Has the runner look again at what it had no place for.
    func nudge() { continuation.yield() }

    func take() -> JobSearch {
        waiting.withLock { waiting in
            defer { waiting = JobSearch() }
            return waiting
        }
    }

    var news: AsyncStream<Void> { stream }
}

extension ServerCore: JobService {
    /// The row of a job.
    public func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite {
        .create(Job.record(handler, payload, at: now, limit, in: self))
    }
}

/// The store, which tells the runner of the jobs that are committed with whatever else, by the core or by a plugin.
struct WakingStore: Store {
    let inner: any Store
    let pending: PendingJobs

    func write(_ writes: [StoreWrite]) async throws -> WriteOutcome {
        let outcome = try await inner.write(writes)
        if case .committed = outcome { pending.wake(for: writes) }
        return outcome
    }

    func prepare(_ collections: [StoreCollection]) async throws { try await inner.prepare(collections) }

    func read(_ keys: [StoreKey]) async throws -> [StoreRecord?] { try await inner.read(keys) }

    func find(
        _ collection: String, by index: String, equals value: String, after: StoreKey?, limit: Int
    ) async throws -> [StoreRecord] {
        try await inner.find(collection, by: index, equals: value, after: after, limit: limit)
    }

    func increment(_ key: StoreKey, expiresAt: Timestamp, now: Timestamp) async throws -> Int64 {
        try await inner.increment(key, expiresAt: expiresAt, now: now)
    }

    func purge(expiredBefore moment: Timestamp, limit: Int) async throws -> Int {
        try await inner.purge(expiredBefore: moment, limit: limit)
    }
}

/// Stands in for requests to other servers where there are none.
public struct NoOutbound: OutboundHTTP {
    /// Makes it.
    public init() {}

    /// Refuses.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        throw OutboundError("this process asks no other server")
    }
}
