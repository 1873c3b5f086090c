// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Synchronization

/// The connections to the database, which one thread serves.
final class Pool: Sendable {
    /// What other threads tell the thread of the pool.
    enum Message: Sendable {
        case query(WaitingQuery)
        case job(WriteJob)
        case opened(Int, Connection)
        case refused(Int, Failure)
        case close(@Sendable () -> Void)
    }

    private struct Inbox {
        var messages: [Message] = []
        var isClosed = false
    }

    let settings: PoolSettings
    private let inbox = Mutex(Inbox())
    private let wakeup: Wakeup

    /// Starts the thread, which opens the connections.
    ///
    /// - Throws: `Failure.unreachable`.
    init(_ settings: PoolSettings, log: any LogService) throws(Failure) {
        (self.settings, wakeup) = (settings, try Wakeup())
        let thread = Thread { [self] in
            // Set on the thread itself: a name that is set before the start is lost.
            Thread.current.name = "postgres-store"
            PoolThread(self, log: log).run()
        }
        thread.start()
    }

    /// Hands a message to the thread.
    ///
    /// - Returns: Whether the thread will read it.
    @discardableResult
    func post(_ message: Message) -> Bool {
        let (isOpen, isFirst) = inbox.withLock { inbox in
            guard !inbox.isClosed else { return (false, false) }
            inbox.messages.append(message)
            return (true, inbox.messages.count == 1)
        }
        if isFirst { wakeup.signal() }
        return isOpen
    }

    // MARK: for the thread

    var descriptor: Int32 { wakeup.descriptor }

    func takeMessages() -> [Message] {
        wakeup.clear()
        return inbox.withLock { inbox in
            defer { inbox.messages = [] }
            return inbox.messages
        }
    }

    /// Accepts no more messages.
    ///
    /// - Returns: Those that nobody has read.
    func end() -> [Message] {
        inbox.withLock { inbox in
            defer { (inbox.messages, inbox.isClosed) = ([], true) }
            return inbox.messages
        }
    }

    // MARK: for callers

    /// The answer to a statement that only reads.
    ///
    /// - Throws: `StoreError`.
    func answer(_ call: Call) async throws -> Answer {
        let deadline = ContinuousClock.now + settings.patience
        let result = await withCheckedContinuation { continuation in
            let query = Query(call, after: settings.perTransaction) { continuation.resume(returning: $0) }
            if !post(.query(WaitingQuery(query: query, deadline: deadline))) {
                query.fail(.closed, isUnknown: false)
            }
        }
        return try explained { () throws(Failure) in try result.get() }
    }

    /// Does work in a transaction.
    ///
    /// - Parameters:
    ///   - work: The work.
    ///   - isRelaxed: Whether the commit need not be flushed before it is reported.
    ///   - changed: The keys of followed collections that it writes to.
    /// - Returns: The result, once it is committed.
    /// - Throws: `StoreError`.
    func commit(
        _ work: WriteJob.Work, isRelaxed: Bool, changing changed: [StoreKey] = []
    ) async throws -> WriteJob.Result {
        let deadline = ContinuousClock.now + settings.patience
        let result = await withCheckedContinuation { continuation in
            let job = WriteJob(work: work, isRelaxed: isRelaxed, changed: changed, deadline: deadline) {
                continuation.resume(returning: $0)
            }
            if !post(.job(job)) { job.finish(.failure(Failure.closed.explained(settings.address.place))) }
        }
        return try result.get()
    }

    /// Runs what may fail, and names the database in the error.
    ///
    /// - Throws: `StoreError`.
    func explained<Value>(_ body: () throws(Failure) -> Value) throws -> Value {
        do { return try body() } catch { throw error.explained(settings.address.place) }
    }

    /// Finishes what was accepted, and closes the connections.
    func close() async {
        await withCheckedContinuation { continuation in
            if !post(.close { continuation.resume() }) { continuation.resume() }
        }
    }
}
