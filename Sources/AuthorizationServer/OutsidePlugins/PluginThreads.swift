// SPDX-License-Identifier: Apache-2.0

import Foundation
public import GrantKit
public import Logging
import Synchronization

/// The threads on which a plugin from outside of the server runs, so that it cannot hold up the event loops (decision
/// 0043).
///
/// There are none until the first call, and they end when there is nothing to do. Threads that calls hold beyond their
/// deadline are replaced up to a limit. Beyond that, calls are refused.
public final class PluginThreads: Sendable {
    /// The number of threads, as long as no call holds one beyond its deadline.
    private static let usual = 4
    /// The number of threads, including those that are held.
    private static let most = 16
    /// The number of calls that may wait for a thread while no call gets one, and the time after which that counts.
    ///
    /// More short calls may wait, as long as calls get threads.
    private static let longestQueue = 64
    private static let standstill = Duration.seconds(1)
    /// The number of calls in progress.
    ///
    /// A call counts until the plugin returns, even after its deadline.
    private static let mostCalls = 4096
    /// How long a thread waits for something to do.
    private static let patience = 5

    /// The id of the plugin.
    public let plugin: String
    let deadlines: PluginDeadlines
    let logger: Logger
    private let crashNote: @Sendable (CrashNote?) -> Void

    private enum Work {
        case job(UnownedJob)
        case cancel(Task<Void, Never>)
    }

    private struct State {
        var queue: [(work: Work, call: PluginCall)] = []
        var threads = 0
        var idle = 0
        /// The call that each busy thread runs.
        var running: [Int: PluginCall] = [:]
        var lastNumber = 0
        var calls = 0
        var unbegun = 0
        /// The time at which a call last got a thread, or at which the first one began to wait.
        var lastTurn = ContinuousClock.now

        /// The number of threads that calls hold beyond their deadline.
        var held: Int { running.values.count { $0.isLate } }

        /// Whether there is one thread too many, because a thread that was replaced is free again.
        var hasTooMany: Bool { threads > min(PluginThreads.most, PluginThreads.usual + held) }

        /// Counts a new thread if the queue needs one.
        mutating func takesThread() -> Bool {
            guard queue.count > idle, threads < min(PluginThreads.most, PluginThreads.usual + held) else {
                return false
            }
            threads += 1
            return true
        }
    }

    private let state = Mutex(State())
    private let signal = DispatchSemaphore(value: 0)

    /// Makes the threads of a plugin, none of which is started yet.
    ///
    /// - Parameters:
    ///   - plugin: The id of the plugin.
    ///   - deadlines: How long its calls may take.
    ///   - logger: Logs calls that take too long.
    ///   - crashNote: Is called on a thread with the call that it is about to run, and with nil afterwards.
    public init(
        of plugin: String, deadlines: PluginDeadlines = PluginDeadlines(), logger: Logger = Logger(label: "grantor"),
        crashNote: @escaping @Sendable (CrashNote?) -> Void = { _ in }
    ) {
        self.plugin = plugin
        self.deadlines = deadlines
        self.logger = logger
        self.crashNote = crashNote
    }

    /// What a plugin adds, with every call moved to these threads.
    ///
    /// - Parameter registry: What the plugin has added.
    /// - Returns: The same with forwarding types. The values that each part declares are read once, now.
    public func forwarding(_ registry: Registry) -> Registry {
        registry.forwarded(to: self)
    }

    // MARK: calls

    /// Starts the plugin, and has the log say so if that takes long.
    ///
    /// - Throws: What the plugin throws; `PluginUnavailable` after the deadline.
    func start(_ plugin: any Plugin) async throws {
        try await call("start", within: deadlines.start, slowAfter: deadlines.slowStart) { try await plugin.start() }
    }

    /// Stops the plugin, or gives up at the deadline.
    func stop(_ plugin: any Plugin) async {
        do {
            try await call("stop") { await plugin.stop() }
        } catch {
            logger.error("a plugin was not stopped", metadata: ["plugin": "\(self.plugin)", "error": "\(error)"])
        }
    }

    /// Calls the plugin on one of its threads, and waits for the answer until the deadline.
    ///
    /// - Parameters:
    ///   - name: The function that is called, for the log.
    ///   - limit: The deadline; nil for that of calls that belong to requests.
    ///   - slow: The time after which the log mentions the call even if it holds no thread.
    ///   - body: Calls the plugin.
    /// - Returns: The answer.
    /// - Throws: What the plugin throws; `PluginUnavailable` after the deadline, or if there are too many calls.
    func call<Value: Sendable>(
        _ name: String, within limit: Duration? = nil, slowAfter slow: Duration? = nil,
        _ body: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        try admit(name)
        let call = PluginCall(name, on: self, within: limit ?? deadlines.call, slowAfter: slow)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { call.start(body, for: $0) }
        } onCancel: {
            call.cancel()
        }
    }

    private func admit(_ name: String) throws {
        let now = ContinuousClock.now
        let isAdmitted = state.withLock { state in
            let isMoving = state.unbegun < PluginThreads.longestQueue || now - state.lastTurn < PluginThreads.standstill
            guard isMoving, state.calls < PluginThreads.mostCalls, state.held < PluginThreads.most else { return false }
            if state.unbegun == 0 { state.lastTurn = now }
            state.calls += 1
            state.unbegun += 1
            return true
        }
        guard !isAdmitted else { return }
        throw PluginUnavailable(
            "the plugin '\(plugin)' was not called ('\(name)'): too many of its calls wait or have not returned",
            of: plugin)
    }

    /// Notes that a call has got a thread.
    func noteBegin() {
        let now = ContinuousClock.now
        state.withLock { state in
            state.unbegun -= 1
            state.lastTurn = now
        }
    }

    /// Notes that the plugin has returned from a call, in time or not.
    func noteEnd() {
        state.withLock { $0.calls -= 1 }
    }

    // MARK: the queue

    func run(_ job: UnownedJob, of call: PluginCall) {
        add(.job(job), of: call)
    }

    /// Cancels a task on a thread of the plugin, since that may run code of the plugin.
    func cancel(_ task: Task<Void, Never>, of call: PluginCall) {
        add(.cancel(task), of: call)
    }

    private func add(_ work: Work, of call: PluginCall) {
        let starts = state.withLock { state in
            state.queue.append((work, call))
            return state.takesThread()
        }
        if starts { startThread() }
        signal.signal()
    }

    /// Starts a thread in the place of one that a call holds beyond its deadline, if something waits.
    func replaceHeld() {
        if state.withLock({ $0.takesThread() }) { startThread() }
    }

    // MARK: threads

    private func startThread() {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let thread = Thread { [self] in
            Thread.nameCurrent("plugin \(plugin)")
            work(number)
        }
        thread.start()
    }

    private func work(_ number: Int) {
        while let (work, call) = next(number) {
            call.enterThread()
            crashNote(call.note)
            switch work {
            case .job(let job): unsafe job.runSynchronously(on: call.asUnownedTaskExecutor())
            case .cancel(let task): task.cancel()
            }
            crashNote(nil)
            call.leaveThread()
        }
    }

    /// Waits for something to do; nil if the thread is to end.
    private func next(_ number: Int) -> (work: Work, call: PluginCall)? {
        guard becomeIdle(number) else { return nil }
        while true {
            let isOver = signal.wait(timeout: .now() + .seconds(PluginThreads.patience)) == .timedOut
            let (next, ends, starts): ((work: Work, call: PluginCall)?, Bool, Bool) = state.withLock { state in
                guard !state.queue.isEmpty else {
                    guard isOver else { return (nil, false, false) }
                    state.idle -= 1
                    state.threads -= 1
                    return (nil, true, false)
                }
                let first = state.queue.removeFirst()
                state.idle -= 1
                state.running[number] = first.call
                // The call may already be late. Its deadline has passed, so no deadline will replace this thread.
                return (first, false, first.call.isLate && state.takesThread())
            }
            if starts { startThread() }
            if next != nil || ends { return next }
        }
    }

    /// Notes that a thread has nothing to run; false if it is to end.
    private func becomeIdle(_ number: Int) -> Bool {
        // Released outside of the lock, because that may release a plugin.
        let (former, stays): (PluginCall?, Bool) = state.withLock { state in
            let former = state.running.removeValue(forKey: number)
            guard !state.hasTooMany else {
                state.threads -= 1
                return (former, false)
            }
            state.idle += 1
            return (former, true)
        }
        _ = former
        return stays
    }
}
