// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

/// Runs background jobs, each on one of the nodes that share the store.
///
/// It reads as many records as it can run, and only the head of a lane that has to wait, so that a slow destination
/// costs the others nothing.
public final class JobRunner: Sendable {
    private static let page = 64
    private typealias Taken = (job: StoredJob, place: JobPlaces.Place)

    private let core: ServerCore
    /// The interval at which all lanes are searched for jobs that other nodes or an earlier process left behind.
    private let interval: Duration
    private let places = Mutex(JobPlaces())

    /// Creates a runner.
    ///
    /// - Parameters:
    ///   - core: The server.
    ///   - interval: The interval at which to search for jobs that other nodes or an earlier process left behind.
    public init(_ core: ServerCore, lookingEvery interval: Duration = .seconds(5)) {
        self.core = core
        self.interval = interval
    }

    /// Runs jobs until the task is cancelled: new ones immediately, and those that other nodes or an earlier process
    /// left behind every few seconds.
    public func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { [core, interval] in
                while !Task.isCancelled {
                    core.pendingJobs.wakeAll()
                    try? await Task.sleep(for: interval)
                }
            }
            var search = JobSearch()
            for await _ in core.pendingJobs.news {
                search.add(core.pendingJobs.nextSearch())
                for taken in await next(&search) {
                    group.addTask { await self.attemptAndGoOn(taken.job, taken.place) }
                }
            }
        }
    }

    private func attemptAndGoOn(_ job: StoredJob, _ place: JobPlaces.Place) async {
        // The lane may hold more jobs, unless it rests now; other lanes may have waited for the place.
        if await attempt(job, place).letsLaneGoOn(job) {
            core.pendingJobs.wake([place.lane])
        } else {
            core.pendingJobs.nudge()
        }
    }

    /// Runs every job that is due.
    ///
    /// - Returns: How many jobs succeeded.
    @discardableResult
    public func round() async -> Int {
        var done = 0
        var before = 0
        repeat {
            before = done
            var search = JobSearch.everything
            while !search.isOver, !Task.isCancelled {
                let taken = await next(&search)
                if taken.isEmpty { break }
                done += await attempt(taken)
            }
            // A lane that made progress may hold more jobs than its share.
        } while done > before && !Task.isCancelled
        return done
    }

    private func attempt(_ jobs: [Taken]) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for taken in jobs { group.addTask { await self.attempt(taken.job, taken.place) == .done } }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    // MARK: searching

    /// The jobs that can run now, each with its place; the search keeps what it found no place for.
    private func next(_ search: inout JobSearch) async -> [Taken] {
        if search.sweep?.isEmpty == true { places.withLock { $0.forgetOld(now: core.now) } }
        var taken: [Taken] = []
        do {
            while let lane = search.lanes.first {
                guard try await collect(from: lane, &taken) else { return taken }
                search.finish(lane)
            }
            while let last = search.sweep {
                let (next, isFull) = try await look(behind: last, in: nil, &taken)
                search.sweep = next
                if isFull { return taken }
            }
        } catch {
            // The next round searches everything.
            search = JobSearch()
            core.logger.error("jobs cannot be read", metadata: ["error": "\(error)"])
        }
        return taken
    }

    /// - Returns: Whether the lane was searched as far as necessary.
    private func collect(from lane: String, _ taken: inout [Taken]) async throws -> Bool {
        var last: String? = JobLane.start(lane)
        while let before = last {
            let (next, isFull) = try await look(behind: before, in: lane, &taken)
            if isFull { return false }
            last = next.flatMap { JobLane.name(of: $0) == lane && $0 != JobLane.end(lane) ? $0 : nil }
        }
        return true
    }

    /// Takes the jobs that can run from the records after a key.
    ///
    /// - Returns: The key after which to continue, nil at the end; and whether no place was free.
    private func look(
        behind last: String, in lane: String?, _ taken: inout [Taken]
    ) async throws -> (next: String?, isFull: Bool) {
        let rows = try await core.store.find(
            StoredJob.collection.name, by: "queue", equals: StoredJob.queue, after: StoredJob.collection.key(last),
            limit: lane == nil ? JobRunner.page : JobPlaces.share * 2)
        var passed: String?
        var before = last
        for row in rows {
            let own = JobLane.name(of: row.key.id)
            if let lane, own != lane { return (nil, false) }
            if own != passed {
                switch place(row) {
                case .none: break
                case .full: return (before, true)
                case .wait: passed = own
                case .taken(let job): taken.append(job)
                }
            }
            before = row.key.id
        }
        guard let end = rows.last else { return (nil, false) }
        if let passed, passed == JobLane.name(of: end.key.id) { return (JobLane.end(passed), false) }
        return (end.key.id, false)
    }

    private enum Found {
        case taken(Taken)
        /// The job is already running, or the record is not readable.
        case none
        /// No job of this lane can run now.
        case wait
        case full
    }

    private func place(_ row: StoreRecord) -> Found {
        let now = core.now
        guard JobLane.due(of: row.key.id) <= now else { return .wait }
        guard let job = StoredJob(row), job.due <= now else { return .none }
        guard core.generation?.capabilities.jobs[job.handler] != nil || job.end <= now else { return .wait }
        switch places.withLock({ $0.place(job, now: now) }) {
        case .known: return .none
        case .place(let place): return .taken((job, place))
        case .wait: return .wait
        case .full: return .full
        }
    }

    // MARK: running

    private enum Outcome {
        case done
        /// The handler was called and threw.
        case failed
        /// The job was abandoned, or another node has it.
        ///
        /// Neither means that the destination failed.
        case passed
        /// The store gave no result, or no handler for the job is loaded: the record may be unchanged.
        case unknown

        /// Whether to search the lane again at once.
        ///
        /// After an unknown outcome the lane waits for the next search of all lanes: while the store cannot be written,
        /// an immediate search would find the same job forever.
        func letsLaneGoOn(_ job: StoredJob) -> Bool {
            switch self {
            case .done, .passed: true
            // A failure without a destination says nothing about the other jobs of the handler.
            case .failed: job.destination == nil
            case .unknown: false
            }
        }

        func hasFailed(_ job: StoredJob) -> Bool? {
            switch self {
            case .done: false
            case .failed: job.destination != nil
            case .passed, .unknown: nil
            }
        }
    }

    private func attempt(_ job: StoredJob, _ place: JobPlaces.Place) async -> Outcome {
        let outcome = await work(job)
        places.withLock { $0.end(place, hasFailed: outcome.hasFailed(job), now: core.now) }
        return outcome
    }

    private func work(_ job: StoredJob) async -> Outcome {
        do {
            guard job.end > core.now else {
                let plugin = core.generation?.capabilities.jobs[job.handler]?.plugin
                try await giveUp(job, of: plugin, "its time limit has passed")
                return .passed
            }
            guard let handler = core.generation?.capabilities.jobs[job.handler] else { return .unknown }
            let end = core.now + StoredJob.lease
            let write = StoreWrite.replace(job.leased(until: end), ifVersion: job.record.version)
            guard case .committed = try await core.store.write([write]) else { return .passed }
            do {
                try await handler.call("JobHandler.run") { try await $0.run(job.payload) }
            } catch let abandoned as JobAbandoned {
                try await giveUp(job, of: handler.plugin, abandoned.description)
                return .passed
            } catch {
                try await postpone(job, of: handler.plugin, error, leasedUntil: end)
                return .failed
            }
            _ = try await core.store.write([.delete(job.record.key)])
            return .done
        } catch {
            core.logger.error(
                "a job could not be run", metadata: ["job": "\(job.handler)", "error": "\(error)"])
            return .unknown
        }
    }

    private func postpone(
        _ job: StoredJob, of plugin: String, _ error: any Error, leasedUntil end: Timestamp
    ) async throws {
        let due = core.now + StoredJob.pause(after: job.attempts)
        guard due < job.end else { return try await giveUp(job, of: plugin, "\(error)") }
        core.logger.warning(
            "a job failed and will be tried again later",
            metadata: [
                "job": "\(job.handler)", "plugin": "\(plugin)", "attempts": "\(job.attempts &+ 1)", "error": "\(error)",
                "seconds": "\((due - core.now).components.seconds)",
            ])
        // A node that takes the job after the lease decides what happens to it, even if the clocks differ.
        guard core.now < end else { return }
        let emptied = StoreWrite.replace(job.moved(at: core.now), ifVersion: job.record.version + 1)
        _ = try await core.store.write([emptied, .create(job.later(due, core))])
    }

    private func giveUp(_ job: StoredJob, of plugin: String?, _ reason: String) async throws {
        core.logger.error(
            "a job was abandoned",
            metadata: [
                "job": "\(job.handler)", "plugin": "\(plugin ?? "-")", "attempts": "\(job.attempts)",
                "reason": "\(reason)",
            ])
        _ = try await core.store.write([.delete(job.record.key)])
    }
}
