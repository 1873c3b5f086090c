// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Logging
import Synchronization

/// Something that was put off: a row that stands until it is done, or until its time is over.
///
/// A node that takes it in hand moves `due` by compare-and-swap, so that no other does it at the same time; if the node
/// dies meanwhile, the job is due again.
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

    static func record(_ id: String, _ handler: String, _ payload: JSON, at now: Timestamp, _ limit: Duration)
        -> StoreRecord
    {
        StoreRecord(
            StoreKey("job", id),
            ["handler": .string(handler), "payload": payload, "attempts": 0, "due": .integer(now.seconds)],
            expiresAt: now + limit, indexes: ["queue": queue])
    }

    /// The row as it stands while the job is due later.
    func later(_ due: Timestamp, attempts: Int64) -> StoreRecord {
        var next = record
        next.value["due"] = .integer(due.seconds)
        next.value["attempts"] = .integer(attempts)
        return next
    }

    /// How long to wait after so many attempts: 5 seconds, and twice as long each time, up to an hour.
    static func pause(after attempts: Int64) -> Duration {
        .seconds(min(5 << min(attempts, 10), 3600))
    }
}

/// Tells whoever does jobs that there are new ones.
final class PendingJobs: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func wake() { continuation.yield() }

    var news: AsyncStream<Void> { stream }
}

extension ServerCore: JobService {
    /// The row of a job.
    public func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite {
        .create(Job.record(random(bytes: 16), handler, payload, at: now, limit))
    }
}

/// Does what was put off, each job by one node of those that share the store.
public final class JobRunner: Sendable {
    private static let page = 100
    /// How many are done at once.
    private static let width = 8

    private let core: ServerCore

    /// Makes a runner.
    public init(_ core: ServerCore) {
        self.core = core
    }

    /// Does jobs as soon as they come, and what other nodes or an earlier process left every few seconds, until the task
    /// is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [core] in
                while !Task.isCancelled {
                    core.pendingJobs.wake()
                    try? await Task.sleep(for: .seconds(5))
                }
            }
            for await _ in core.pendingJobs.news { await round() }
        }
    }

    /// Does all that is due.
    ///
    /// - Returns: How many jobs were done.
    @discardableResult
    public func round() async -> Int {
        var done = 0
        var last: StoreKey?
        do {
            while !Task.isCancelled {
                let page = try await core.store.find(
                    "job", by: "queue", equals: Job.queue, after: last, limit: JobRunner.page)
                last = page.last?.key
                done += await work(page.compactMap(Job.init).filter { $0.due <= core.now })
                if page.count < JobRunner.page { break }
            }
        } catch {
            core.logger.error("jobs cannot be read", metadata: ["error": "\(error)"])
        }
        return done
    }

    private func work(_ jobs: [Job]) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            var done = 0
            for (number, job) in jobs.enumerated() {
                if number >= JobRunner.width, await group.next() == true { done += 1 }
                group.addTask { await self.work(job) }
            }
            for await isDone in group where isDone { done += 1 }
            return done
        }
    }

    /// - Returns: Whether it is done.
    private func work(_ job: Job) async -> Bool {
        do {
            guard job.record.expiresAt > core.now else { return try await giveUp(job, "its time is over") }
            guard let handler = core.generation?.capabilities.jobs[job.handler] else { return false }
            let leased = job.later(core.now + Job.lease, attempts: job.attempts + 1)
            guard case .committed = try await core.store.write([.replace(leased, ifVersion: job.record.version)])
            else { return false }
            do {
                try await handler.run(job.payload)
            } catch {
                try await postpone(job, error)
                return false
            }
            _ = try await core.store.write([.delete(job.record.key)])
            return true
        } catch {
            core.logger.error(
                "a job could not be done", metadata: ["job": "\(job.handler)", "error": "\(error)"])
            return false
        }
    }

    private func postpone(_ job: Job, _ error: any Error) async throws {
        let due = core.now + Job.pause(after: job.attempts)
        guard due < job.record.expiresAt else { return _ = try await giveUp(job, "\(error)") }
        core.logger.warning(
            "a job is tried again later",
            metadata: [
                "job": "\(job.handler)", "attempts": "\(job.attempts + 1)", "error": "\(error)",
                "seconds": "\((due - core.now).components.seconds)",
            ])
        _ = try await core.store.write([
            .replace(job.later(due, attempts: job.attempts + 1), ifVersion: job.record.version + 1)
        ])
    }

    private func giveUp(_ job: Job, _ reason: String) async throws -> Bool {
        core.logger.error(
            "a job is given up",
            metadata: ["job": "\(job.handler)", "attempts": "\(job.attempts)", "reason": "\(reason)"])
        _ = try await core.store.write([.delete(job.record.key)])
        return false
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
