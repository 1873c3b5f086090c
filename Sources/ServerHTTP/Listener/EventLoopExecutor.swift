// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Runs tasks on the thread of an event loop, so that a request is served where its bytes arrive.
///
/// It is the task's preference rather than its serial executor: calls of asynchronous functions then continue at once,
/// whereas with a serial executor every call and every return would be a separate job.
final class EventLoopExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    // Safe: all of these are used on the event loop's thread only.
    @safe private nonisolated(unsafe) var ready: [UnownedJob] = []
    @safe private nonisolated(unsafe) var isScheduled = false
    @safe private nonisolated(unsafe) var isRunning = false
    @safe private nonisolated(unsafe) var later: [() -> Void] = []
    @safe private nonisolated(unsafe) var isLaterScheduled = false

    private init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop { add(job) } else { eventLoop.execute { [self] in add(job) } }
    }

    private func add(_ job: UnownedJob) {
        ready.append(job)
        if !isScheduled { schedule() }
    }

    private func schedule() {
        isScheduled = true
        eventLoop.execute { [self] in run() }
    }

    private func run() {
        let batch = ready
        ready = []
        isScheduled = false
        isRunning = true
        for job in batch { unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
        isRunning = false
        scheduleLater()
    }

    // MARK: yielding to other connections

    /// The longest time from the end of the last job until the event loop finds that it has nothing left to run.
    private static let moment = TimeAmount.microseconds(50)

    /// Calls a function after the ready jobs have run and the event loop has read from its other connections.
    ///
    /// The event loop polls its sockets only when it has no jobs left. So a connection whose next request has already
    /// arrived when the previous one is answered would starve all others if it continued at once.
    static func afterOthers(on eventLoop: any EventLoop, _ body: @escaping () -> Void) {
        guard let executor = of(eventLoop) else { return body() }
        executor.later.append(body)
        executor.scheduleLater()
    }

    private func scheduleLater() {
        guard !later.isEmpty, !isRunning, !isScheduled, !isLaterScheduled else { return }
        isLaterScheduled = true
        eventLoop.assumeIsolated().scheduleTask(in: EventLoopExecutor.moment) { [self] in
            isLaterScheduled = false
            let batch = later
            later = []
            for body in batch { body() }
        }
    }

    private static let all = MultiThreadedEventLoopGroup.singleton.makeIterator()
        .reduce(into: [ObjectIdentifier: EventLoopExecutor]()) { $0[ObjectIdentifier($1)] = EventLoopExecutor($1) }

    /// The executor of an event loop in the group that all listeners use.
    static func of(_ eventLoop: any EventLoop) -> EventLoopExecutor? {
        all[ObjectIdentifier(eventLoop)]
    }
}
