// SPDX-License-Identifier: Apache-2.0

import Logging
import Synchronization

/// A call of a plugin from outside of the server, from its beginning to its answer or its deadline (decision 0043).
///
/// It is the executor of its own task, so that each job of the task is known to belong to this call.
final class PluginCall: TaskExecutor {
    @TaskLocal private static var current: PluginCall?
    private static let hasBegun = Atomic(false)

    /// The call for which this code runs, even in a task that the plugin has started during the call.
    ///
    /// Without plugins from outside there is never any call in this process, and nothing is looked up.
    static var ongoing: PluginCall? { hasBegun.load(ordering: .relaxed) ? current : nil }

    private enum Phase {
        case running, answered, expired
    }

    private struct State {
        var phase = Phase.running
        var refuse: (@Sendable (any Error) -> Void)?
        var task: Task<Void, Never>?
        var isCancelled = false
        /// The number of the call's jobs that are on threads now, and since when there is at least one.
        var jobs = 0
        var heldSince: ContinuousClock.Instant?
        /// Whether the log has named the call.
        var isReported = false
        /// Whether the log has said that the plugin tried to write after the deadline.
        var isLateWriteReported = false
    }

    /// The function that is called.
    let name: String
    /// The id of the request that the call belongs to, if it belongs to one.
    let request: String?
    let note: CrashNote
    private let threads: PluginThreads
    private let limit: Duration
    private let slow: Duration?
    private let begin = ContinuousClock.now
    /// The call that has led to this one, of the same or another plugin.
    private let outer: PluginCall?
    private let state = Mutex(State())

    /// Describes a call that is about to begin.
    ///
    /// - Parameters:
    ///   - name: The function that is called.
    ///   - threads: The threads of the plugin.
    ///   - limit: The time after which nothing waits for the result any more.
    ///   - slow: The time after which the log mentions the call even if it holds no thread.
    init(_ name: String, on threads: PluginThreads, within limit: Duration, slowAfter slow: Duration?) {
        PluginCall.hasBegun.store(true, ordering: .relaxed)
        self.name = name
        self.threads = threads
        self.limit = limit
        self.slow = slow
        outer = PluginCall.current
        let request = RequestID.current
        self.request = request
        note = CrashNote("plugin '\(threads.plugin)', request '\(request ?? "-")'")
    }

    /// Whether the deadline has passed, or that of a call around this one.
    var isExpired: Bool {
        isLate || outer?.isExpired ?? false
    }

    /// Whether the deadline of this call has passed before its answer.
    var isLate: Bool {
        state.withLock { $0.phase == .expired }
    }

    /// Refuses a change that the plugin makes after its deadline.
    ///
    /// - Throws: `PluginMistake`.
    func checkTime() throws {
        guard isExpired else { return }
        let isFirst = state.withLock { state in
            defer { state.isLateWriteReported = true }
            return !state.isLateWriteReported
        }
        if isFirst { log(.error, "a plugin tried to write after its deadline; nothing was written", since: begin) }
        throw PluginMistake(
            "the plugin '\(threads.plugin)' tried to write in '\(name)' after its deadline of \(limit); nothing was "
                + "written, because the request has already failed",
            of: threads.plugin)
    }

    // MARK: the task

    /// Runs the call in a task of its own; the continuation is resumed once, by the task or at the deadline.
    func start<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value, for caller: CheckedContinuation<Value, any Error>
    ) {
        state.withLock { $0.refuse = { caller.resume(throwing: $0) } }
        CallWatch.shared.add(self)
        let task = PluginCall.$current.withValue(self) {
            Task(executorPreference: self) { [self] in await run(body, for: caller) }
        }
        let isCancelled = state.withLock { state in
            if state.phase == .running { state.task = task }
            return state.isCancelled || state.phase == .expired
        }
        if isCancelled { threads.cancel(task, of: self) }
    }

    private func run<Value: Sendable>(
        _ body: @Sendable () async throws -> Value, for caller: CheckedContinuation<Value, any Error>
    ) async {
        threads.noteBegin()
        defer { threads.noteEnd() }
        // It may have waited for a thread until its deadline.
        guard !isLate else { return }
        do {
            let value = try await body()
            if answer() { caller.resume(returning: value) }
        } catch {
            if answer() { caller.resume(throwing: error) }
        }
    }

    /// Ends the call with an answer.
    ///
    /// - Returns: Whether the answer came in time; it must be dropped otherwise.
    private func answer() -> Bool {
        let isInTime = state.withLock { state in
            guard state.phase == .running else { return false }
            state.phase = .answered
            (state.refuse, state.task) = (nil, nil)
            return true
        }
        if isInTime {
            CallWatch.shared.remove(self)
        } else {
            log(.notice, "a plugin answered after its deadline, and the answer was dropped", since: begin)
        }
        return isInTime
    }

    /// Asks the plugin to stop, because nobody needs the answer.
    func cancel() {
        let task = state.withLock { state in
            state.isCancelled = true
            return state.task
        }
        if let task { threads.cancel(task, of: self) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        threads.run(UnownedJob(job), of: self)
    }

    // MARK: threads

    /// Notes that a thread begins to run a job of this call.
    func enterThread() {
        let now = ContinuousClock.now
        state.withLock { state in
            if state.jobs == 0 { state.heldSince = now }
            state.jobs += 1
        }
    }

    /// Notes that a thread has run a job of this call.
    func leaveThread() {
        let reported: ContinuousClock.Instant? = state.withLock { state in
            state.jobs -= 1
            guard state.jobs == 0 else { return nil }
            defer { (state.heldSince, state.isReported) = (nil, false) }
            return state.isReported ? state.heldSince : nil
        }
        if let reported { log(.notice, "a plugin has released its thread", since: reported) }
    }

    // MARK: the watch

    private enum Finding {
        case nothing
        case slow(ContinuousClock.Instant, isHolding: Bool)
        case expired((@Sendable (any Error) -> Void)?, Task<Void, Never>?, isHolding: Bool)
    }

    /// Ends the call if its deadline has passed, and has the log name a call that holds a thread.
    func check(at now: ContinuousClock.Instant) {
        switch find(at: now) {
        case .nothing: break
        case .slow(let since, isHolding: true): log(.warning, "a plugin holds a thread", since: since)
        case .slow(let since, isHolding: false): log(.warning, "a plugin has not answered yet", since: since)
        case .expired(let refuse, let task, isHolding: let isHolding):
            CallWatch.shared.remove(self)
            log(
                .error,
                isHolding
                    ? "a plugin did not answer in time, and holds a thread" : "a plugin did not answer in time",
                since: begin)
            // Cancellation handlers are code of the plugin, which must not delay the watch.
            if let task { threads.cancel(task, of: self) }
            threads.replaceHeld()
            refuse?(
                PluginUnavailable(
                    "the plugin '\(threads.plugin)' did not answer '\(name)' within \(limit)", of: threads.plugin))
        }
    }

    private func find(at now: ContinuousClock.Instant) -> Finding {
        state.withLock { state in
            guard state.phase == .running else { return .nothing }
            let isHolding = state.jobs > 0
            guard now - begin < limit else {
                state.phase = .expired
                if isHolding { state.isReported = true }
                defer { (state.refuse, state.task) = (nil, nil) }
                return .expired(state.refuse, state.task, isHolding: isHolding)
            }
            guard !state.isReported else { return .nothing }
            let held = state.heldSince ?? now
            let isHeldLong = now - held >= threads.deadlines.held
            let isSlow = slow.map { now - begin >= $0 } ?? false
            guard isHeldLong || isSlow else { return .nothing }
            state.isReported = true
            return .slow(isHeldLong ? held : begin, isHolding: isHeldLong)
        }
    }

    private func log(_ level: Logger.Level, _ message: Logger.Message, since: ContinuousClock.Instant) {
        var metadata: Logger.Metadata = [
            "plugin": "\(threads.plugin)", "call": "\(name)",
            "seconds": "\((ContinuousClock.now - since).components.seconds)",
        ]
        metadata["request"] = request.map { "\($0)" }
        threads.logger.log(level: level, message, metadata: metadata)
    }
}
