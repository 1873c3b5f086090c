// SPDX-License-Identifier: Apache-2.0

import Foundation
import GRDB
import GrantKit
import Synchronization

/// Commits all waiting writes in one transaction on one thread, so that many callers share one flush to the disk.
final class GroupCommit: Sendable {
    /// A unit of work, which is notified whether the transaction was committed.
    private struct Job: Sendable {
        var run: @Sendable (Database) throws -> Void
        var finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var waiting: [Job] = []
        /// Whether the thread was woken since it last took jobs.
        var isWoken = false
        var isClosed = false
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)
    private let path: String

    init(_ queue: DatabaseQueue, path: String) {
        self.path = path
        let thread = Thread { [self] in
            // Set on the thread itself: a name that is set before the start is lost.
            Thread.current.name = "sqlite-store"
            work(queue)
        }
        thread.start()
    }

    /// Runs work in the next transaction.
    ///
    /// - Parameters:
    ///   - early: Whether to return before the commit, for data that may be lost with the process.
    ///   - work: The work, which runs on the writing thread.
    /// - Returns: The result of the work, once it is committed.
    /// - Throws: What the work or the commit throws.
    func submit<Value: Sendable>(
        early: Bool, _ work: @escaping @Sendable (Database) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let answer = Answer(continuation)
            let job = Job(
                run: { database in
                    let value = try work(database)
                    if early { answer.resume(.success(value)) } else { answer.keep(value) }
                },
                finish: { error in answer.finish(error) })
            let (isClosed, isFirst) = state.withLock { state in
                guard !state.isClosed else { return (true, false) }
                state.waiting.append(job)
                defer { state.isWoken = true }
                return (false, !state.isWoken)
            }
            if isClosed { answer.resume(.failure(StoreError("the store \(path) is closed"))) }
            if isFirst { signal.signal() }
        }
    }

    /// Waits until everything is committed that was submitted before, also what has returned early.
    ///
    /// - Throws: What the commit throws.
    func catchUp() async throws {
        try await submit(early: false) { _ in }
    }

    /// Commits the waiting work and accepts no more.
    func close() async {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        signal.signal()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [ended] in
                ended.wait()
                continuation.resume()
            }
        }
    }

    private func work(_ queue: DatabaseQueue) {
        while true {
            signal.wait()
            let (jobs, isClosed) = state.withLock { state in
                defer { (state.waiting, state.isWoken) = ([], false) }
                return (state.waiting, state.isClosed)
            }
            if !jobs.isEmpty { commit(jobs, queue) }
            if isClosed { break }
        }
        ended.signal()
    }

    private func commitOneByOne(_ jobs: [Job], _ queue: DatabaseQueue) {
        for job in jobs { commit([job], queue) }
    }

    private func commit(_ jobs: [Job], _ queue: DatabaseQueue) {
        var hasJobFailed = false
        do {
            try queue.inDatabase { database in
                try database.inTransaction(.immediate) {
                    do {
                        for job in jobs { try job.run(database) }
                    } catch {
                        hasJobFailed = true
                        throw error
                    }
                    return .commit
                }
            }
            for job in jobs { job.finish(nil) }
        } catch {
            // A job that fails must not fail the others, nor undo those that have returned early. A failure of the file
            // would fail every job, each after waiting, so it is not retried.
            if hasJobFailed, jobs.count > 1, !SQLiteFailure.isOfFile(error) { return commitOneByOne(jobs, queue) }
            let explained = SQLiteFailure.explain(error, path)
            for job in jobs { job.finish(explained) }
        }
    }
}

/// Resumes a caller exactly once.
private final class Answer<Value: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Value, any Error>?
        var value: Value?
    }

    private let state: Mutex<State>

    init(_ continuation: CheckedContinuation<Value, any Error>) {
        state = Mutex(State(continuation: continuation))
    }

    func keep(_ value: Value) {
        state.withLock { $0.value = value }
    }

    func resume(_ result: Result<Value, any Error>) {
        let continuation = state.withLock { state in
            defer { state.continuation = nil }
            return state.continuation
        }
        continuation?.resume(with: result)
    }

    func finish(_ error: (any Error)?) {
        let value = state.withLock { $0.value }
        if let error {
            resume(.failure(error))
        } else if let value {
            resume(.success(value))
        } else {
            resume(.failure(StoreError("the store lost the result of a write")))
        }
    }
}
