// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

/// Everything that happens on the thread of the pool: it waits for sockets, and gives waiting work to connections.
final class PoolThread {
    /// The maximum number of queries, and of jobs, that wait for a connection.
    private static let mostWaiting = 10_000

    private let pool: Pool
    private let log: any LogService
    private var lines: [Line] = []
    private var queries = WaitingLine<WaitingQuery>()
    private var durable = WaitingLine<WriteJob>()
    private var relaxed = WaitingLine<WriteJob>()
    private var isRelaxedNext = false
    private var closing: [@Sendable () -> Void] = []
    /// Why there is no connection that writes (true), or none that reads (false); nil as long as there is one.
    private var refusals: [Bool: Failure] = [:]

    init(_ pool: Pool, log: any LogService) {
        (self.pool, self.log) = (pool, log)
        lines = (0..<pool.settings.size).map { Line($0, isWriter: $0 % 2 == 0, pool.settings) }
    }

    func run() {
        while closing.isEmpty || isBusy {
            let ready = wait()
            for message in pool.takeMessages() { read(message) }
            let now = ContinuousClock.now
            for line in lines { serve(line, now, hasNews: ready.contains(line.number)) }
            expire(now)
            dispatch(now)
        }
        for message in pool.end() { refuse(message) }
        lines = []
        for finish in closing { finish() }
    }

    private var isBusy: Bool {
        !queries.isEmpty || !durable.isEmpty || !relaxed.isEmpty || lines.contains { $0.load > 0 }
    }

    // MARK: waiting

    /// Waits for a message, for a socket, or for some time.
    ///
    /// - Returns: The numbers of the lines with something to read or to write.
    private func wait() -> Set<Int> {
        var sockets = [pollfd(fd: pool.descriptor, events: Int16(POLLIN), revents: 0)]
        let open = lines.filter { $0.descriptor != nil }
        for line in open {
            let events = line.isBlocked ? POLLIN | POLLOUT : POLLIN
            sockets.append(pollfd(fd: line.descriptor ?? -1, events: Int16(events), revents: 0))
        }
        // Often enough for deadlines and for new attempts to connect.
        let isQuiet = !isBusy && lines.allSatisfy(\.isReady)
        // Safe: the system writes to the array during the call, and is told its length.
        guard unsafe poll(&sockets, nfds_t(sockets.count), isQuiet ? 1000 : 50) > 0 else { return [] }
        return Set(zip(open, sockets.dropFirst()).filter { $0.1.revents != 0 }.map(\.0.number))
    }

    // MARK: messages

    private func read(_ message: Pool.Message) {
        switch message {
        case .query(let query): accept(query)
        case .job(let job): accept(job)
        case .opened(let number, let connection):
            guard lines.indices.contains(number) else { return }
            lines[number].open(connection)
        case .refused(let number, let failure):
            guard lines.indices.contains(number) else { return }
            lines[number].refused(failure)
        case .close(let finish): closing.append(finish)
        }
    }

    private func accept(_ query: WaitingQuery) {
        if let failure = refusal(queries.count, isWriter: false) { return query.query.fail(failure, isUnknown: false) }
        queries.add(query)
    }

    private func accept(_ job: WriteJob) {
        if let failure = refusal(durable.count + relaxed.count, isWriter: true) { return fail(job, failure) }
        if job.isRelaxed { relaxed.add(job) } else { durable.add(job) }
    }

    private func refusal(_ waiting: Int, isWriter: Bool) -> Failure? {
        if !closing.isEmpty { return .closed }
        return refusals[isWriter] ?? (waiting >= PoolThread.mostWaiting ? .crowded : nil)
    }

    private func refuse(_ message: Pool.Message) {
        switch message {
        case .query(let query): query.query.fail(.closed, isUnknown: false)
        case .job(let job): fail(job, .closed)
        case .opened, .refused: break
        case .close(let finish): finish()
        }
    }

    private func fail(_ job: WriteJob, _ failure: Failure) {
        job.finish(.failure(failure.explained(pool.settings.address.place)))
    }

    // MARK: connections

    private func serve(_ line: Line, _ now: ContinuousClock.Instant, hasNews: Bool) {
        let wasReady = line.isReady
        line.serve(now, hasNews: hasNews)
        if let failure = line.takeFailure() {
            let isGone = wasReady && !line.isOverdue
            if isGone { lost(failure) } else { refused(failure, isWriter: line.isWriter) }
        }
        if line.isReady, refusals.removeValue(forKey: line.isWriter) != nil, refusals.isEmpty {
            log.notice("the store can be reached again")
        }
        // What was accepted before the close needs a connection too. If there is none to be had, it fails.
        if closing.isEmpty || isBusy, line.isDue(now) { dial(line) }
    }

    private func lost(_ failure: Failure) {
        log.warning(
            "a connection of the store was lost", ["reason": failure.explained(pool.settings.address.place).message])
    }

    /// Connects on a thread of its own: libpq looks up names and tries hosts without returning in between.
    private func dial(_ line: Line) {
        line.dial()
        let (pool, number) = (pool, line.number)
        Thread.detachNewThread {
            do throws(Failure) {
                let connection = try pool.settings.address.connect()
                pool.post(.opened(number, connection))
            } catch {
                pool.post(.refused(number, error))
            }
        }
    }

    private func refused(_ failure: Failure, isWriter: Bool) {
        guard !lines.contains(where: { $0.isReady && $0.isWriter == isWriter }) else { return }
        if refusals.isEmpty {
            log.error("the store cannot be reached", ["reason": failure.explained(pool.settings.address.place).message])
        }
        refusals[isWriter] = failure
        // Those who wait are told at once, so that they can try again later.
        if isWriter {
            for job in durable.takeAll() + relaxed.takeAll() { fail(job, failure) }
        } else {
            for query in queries.takeAll() { query.query.fail(failure, isUnknown: false) }
        }
    }

    // MARK: work

    private func expire(_ now: ContinuousClock.Instant) {
        for query in queries.take(where: { $0.deadline < now }) { query.query.fail(.late, isUnknown: false) }
        let jobs = durable.take { $0.deadline < now } + relaxed.take { $0.deadline < now }
        for job in jobs { fail(job, .late) }
    }

    private func dispatch(_ now: ContinuousClock.Instant) {
        while !queries.isEmpty, let line = lines.filter(\.takesQueries).min(by: { $0.load < $1.load }),
            let waiting = queries.takeFirst()
        {
            line.start(RetriedQuery(waiting) { [self] in queries.putBack([$0]) }, now)
        }
        for line in lines where line.takesBatches {
            guard let jobs = nextBatch() else { return }
            let settings = WriteBatch.Setting(
                place: pool.settings.address.place, configuration: pool.settings.perTransaction,
                retry: { [self] in putBack($0) })
            line.start(WriteBatch(jobs, settings), now)
        }
    }

    private func nextBatch() -> [WriteJob]? {
        // In turns, so that neither waits for all of the other.
        isRelaxedNext = relaxed.isEmpty ? false : durable.isEmpty ? true : !isRelaxedNext
        let jobs = isRelaxedNext ? WriteBatch.takeJobs(from: &relaxed) : WriteBatch.takeJobs(from: &durable)
        return jobs.isEmpty ? nil : jobs
    }

    private func putBack(_ jobs: [WriteJob]) {
        relaxed.putBack(jobs.filter(\.isRelaxed))
        durable.putBack(jobs.filter { !$0.isRelaxed })
    }
}

extension WriteBatch {
    /// Takes the jobs of the next transaction: as many as may share one.
    static func takeJobs(from line: inout WaitingLine<WriteJob>) -> [WriteJob] {
        var (jobs, weight): ([WriteJob], Int) = ([], 0)
        while let next = line.first {
            let isFirst = jobs.isEmpty
            guard isFirst || (!next.isAlone && weight + next.weight <= KeyLocks.most) else { break }
            guard let job = line.takeFirst() else { break }
            weight += job.weight
            jobs.append(job)
            if job.isAlone { break }
        }
        return jobs
    }
}
