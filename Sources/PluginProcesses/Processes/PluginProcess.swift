// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import Logging
import Synchronization

/// One of the processes of an isolated plugin: starts it, sends it calls, and starts it again when it ends.
///
/// A thread reads from it and checks deadlines. All others only write to its socket, without waiting.
final class PluginProcess: Sendable {
    private enum Phase {
        case absent, starting, ready, stopped
    }

    private struct State {
        var phase = Phase.absent
        var socket: Int32 = -1
        var outgoing = Outgoing()
        var calls: [UInt64: IsolatedCall] = [:]
        /// The calls for which nobody waits any more, but which the process has not answered.
        var late: Set<UInt64> = []
        var lastNumber: UInt64 = 0
        var lastHeard = ContinuousClock.now
        /// Why the process must be ended, if it must.
        var condemned: String?
        /// Counts the processes, so that what was about a former one does not end its successor.
        var generation = 0
        /// Whether the thread waits without limit, so that a call has to wake it.
        var isResting = false
        /// The tasks that wait for the first start.
        var starters: [CheckedContinuation<Void, any Error>] = []
        var firstStart: Result<Void, any Error>?
    }

    /// The number of calls that a process may fail to return from before it is ended.
    private static let mostLate = 64

    let program: PluginProgram
    private let description: JSON
    private let host: any PluginHost
    private let calls: HostCalls
    private let logger: Logger
    private let wakeUp = WakeUp()
    private let state = Mutex(State())

    init(
        _ program: PluginProgram, describedAs description: JSON, _ host: any PluginHost, _ calls: HostCalls,
        _ logger: Logger
    ) {
        self.program = program
        self.description = description
        self.host = host
        self.calls = calls
        self.logger = logger
    }

    // MARK: calls

    /// The number of calls that the process has not answered; nil if it cannot be called now.
    var load: Int? {
        state.withLock { $0.phase == .ready ? $0.calls.count + $0.late.count : nil }
    }

    /// Sends a call.
    ///
    /// - Returns: The call.
    /// - Throws: `PluginUnavailable` if the process cannot be called; `FrameError`.
    func begin(_ function: String, role: Int? = nil, _ input: JSON, within limit: Duration) throws -> IsolatedCall {
        let number = try state.withLock { state in
            try check(&state, function)
            state.lastNumber += 1
            return state.lastNumber
        }
        let call = IsolatedCall(number, function, within: limit)
        let frame = try Frame.bytes(ServerMessage.call(number, function, role: role, input, within: limit))
        let isSent = state.withLock { state in
            guard state.phase == .ready || state.phase == .starting else { return false }
            state.calls[number] = call
            return send(frame, &state)
        }
        guard isSent else { throw unavailable("its process has just ended") }
        return call
    }

    private func check(_ state: inout State, _ function: String) throws {
        let isIntroduction = function == "describe" || function == "start"
        guard state.phase == .ready || (state.phase == .starting && isIntroduction) else {
            throw unavailable("its process is being started again")
        }
        guard state.calls.count + state.late.count < program.limits.calls, !state.outgoing.isFull else {
            throw unavailable("its process has not answered too many calls")
        }
    }

    func unavailable(_ why: String) -> PluginUnavailable {
        PluginUnavailable("the plugin '\(program.plugin)' was not called: \(why)", of: program.plugin)
    }

    /// Waits for the end of a call, and serves the host calls that belong to it.
    ///
    /// - Returns: The output.
    /// - Throws: What the plugin throws; `PluginUnavailable`.
    func result(of call: IsolatedCall) async throws -> JSON {
        try await withTaskCancellationHandler {
            while true {
                switch await call.next() {
                case .ask(let question): reply(await calls.reply(to: question), to: question, of: call)
                case .end(let outcome): return try outcome.output(of: program.plugin)
                case .failed(let error): throw error
                }
            }
        } onCancel: {
            abandon(call, CancellationError())
        }
    }

    private func reply(_ reply: JSON, to question: HostQuestion, of call: IsolatedCall) {
        let large = ServerMessage.refusal(question.number, "refused", "the reply is larger than a frame")
        guard let frame = (try? Frame.bytes(reply)) ?? (try? Frame.bytes(large)) else { return }
        state.withLock { state in
            // The process waits for the reply, even if nobody waits for its answer. Another process did not ask.
            guard state.calls[call.number] != nil || state.late.contains(call.number) else { return }
            _ = send(frame, &state)
        }
    }

    /// Refuses a host call that belongs to no call; only the thread that reads from the process may do so.
    private func refuse(_ question: HostQuestion, _ why: String) {
        guard let frame = try? Frame.bytes(ServerMessage.refusal(question.number, "refused", why)) else { return }
        state.withLock { _ = send(frame, &$0) }
    }

    /// Ends a call for which nobody waits any more.
    private func abandon(_ call: IsolatedCall, _ error: any Error) {
        state.withLock { state in
            guard state.calls.removeValue(forKey: call.number) != nil else { return }
            state.late.insert(call.number)
            if let frame = try? Frame.bytes(ServerMessage.cancel(call.number)) { _ = send(frame, &state) }
        }
        for question in call.fail(error) {
            reply(ServerMessage.refusal(question.number, "refused", PluginProcess.ended), to: question, of: call)
        }
    }

    private static let ended = "the call that it belongs to has ended"

    /// Writes a frame, or keeps it until the process reads; the thread is woken only if it has to do something.
    private func send(_ frame: [UInt8], _ state: inout State) -> Bool {
        guard state.socket >= 0, state.outgoing.send(frame, to: state.socket) else { return false }
        if state.isResting || !state.outgoing.isEmpty { wakeUp.wake() }
        return true
    }

    // MARK: life

    /// Starts the thread, and waits until the process is ready.
    ///
    /// - Throws: Why the first process did not start; the thread has ended then.
    func start() async throws {
        let thread = Thread { [self] in
            Thread.nameCurrent("plugin \(program.plugin)")
            work()
        }
        thread.start()
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let result = state.withLock { state in
                if state.firstStart == nil { state.starters.append(continuation) }
                return state.firstStart
            }
            if let result { continuation.resume(with: result) }
        }
    }

    /// Asks the process to stop, and ends it after a moment.
    func stop() async {
        if let call = try? begin("stop", [:], within: program.limits.call) { _ = try? await result(of: call) }
        state.withLock { $0.phase = .stopped }
        wakeUp.wake()
    }

    private var isStopped: Bool { state.withLock { $0.phase == .stopped } }

    private func work() {
        var pause = Pause()
        while !isStopped {
            let began = ContinuousClock.now
            var end = "it could not be started"
            do {
                end = try runOnce()
            } catch {
                end = "\(error)"
            }
            let isFirst = settle(.failure(PluginStartError(end)))
            forget(end)
            guard !isFirst, !isStopped else { return }
            let wait = pause.next(after: ContinuousClock.now - began)
            PluginProcesses.countRestart()
            logger.warning(
                "the process of a plugin has ended and is started again",
                metadata: ["plugin": "\(program.plugin)", "why": "\(end)", "pause": "\(wait)"])
            sleep(wait)
        }
    }

    private func sleep(_ wait: Duration) {
        let end = ContinuousClock.now + wait
        while !isStopped, case let left = end - ContinuousClock.now, left > .zero {
            var polls = [pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0)]
            Channel.wait(for: &polls, milliseconds: left.milliseconds + 1)
            wakeUp.clear()
        }
    }

    /// Notes how the first start has ended.
    ///
    /// - Returns: Whether this was the first start, and it failed.
    private func settle(_ result: Result<Void, any Error>) -> Bool {
        let (starters, isFirst) = state.withLock { state in
            guard state.firstStart == nil else { return ([CheckedContinuation<Void, any Error>](), false) }
            state.firstStart = result
            defer { state.starters = [] }
            return (state.starters, true)
        }
        for starter in starters { starter.resume(with: result) }
        if case .success = result { return false }
        return isFirst
    }

    /// Fails the calls that the process has not answered.
    private func forget(_ why: String) {
        let calls = state.withLock { state in
            if state.phase != .stopped { state.phase = .absent }
            defer {
                state.calls = [:]
                state.late = []
                state.outgoing = Outgoing()
                state.socket = -1
                state.condemned = nil
            }
            return Array(state.calls.values)
        }
        for call in calls {
            call.fail(
                PluginUnavailable(
                    "the plugin '\(program.plugin)' did not answer '\(call.function)': \(why)", of: program.plugin))
        }
    }

    // MARK: one process

    /// Starts a process and serves it until it ends.
    ///
    /// - Returns: Why it ended.
    /// - Throws: `PluginStartError`.
    private func runOnce() throws -> String {
        var child = try ChildProcess(program)
        let (number, generation) = state.withLock { state in
            if state.phase != .stopped { state.phase = .starting }
            state.socket = child.socket
            state.lastHeard = .now
            state.generation += 1
            return (state.lastNumber, state.generation)
        }
        introduce(generation)
        var reading = Reading(firstNumber: number)
        var reason: String?
        while reason == nil { reason = serve(child, &reading) }
        state.withLock { $0.socket = -1 }
        let end = child.end()
        for line in reading.lines.end() { log(line) }
        switch (end, reading.isClosed) {
        case (.exited(let status), true): return "it ended with status \(status)"
        case (.killed(let signal), true): return "it was ended by signal \(signal)"
        default: return reason ?? ""
        }
    }

    /// Has the process describe itself and start, in a task.
    private func introduce(_ generation: Int) {
        Task.detached { [self] in
            do {
                let described = try begin("describe", program.question, within: program.limits.start)
                guard try await result(of: described) == description else {
                    return condemn("it describes itself differently than when the plugin was loaded", generation)
                }
                _ = try await result(of: begin("start", [:], within: program.limits.start))
                let isReady = state.withLock { state in
                    guard state.phase == .starting, state.generation == generation else { return false }
                    state.phase = .ready
                    return true
                }
                if isReady { _ = settle(.success(())) }
            } catch {
                condemn("\(error)", generation)
            }
        }
    }

    /// Has the thread end the process.
    private func condemn(_ why: String, _ generation: Int) {
        state.withLock { state in
            if state.generation == generation { state.condemned = state.condemned ?? why }
        }
        wakeUp.wake()
    }

    /// What one process has sent so far.
    private struct Reading {
        var frames = FrameReader()
        var lines = OutputLines()
        var block = [UInt8](repeating: 0, count: Channel.most)
        var isClosed = false
        var checked = ContinuousClock.now
        /// The last number that was used before this process.
        let firstNumber: UInt64

        init(firstNumber: UInt64) {
            self.firstNumber = firstNumber
        }
    }

    /// Waits for something to do with the process, and does it.
    ///
    /// - Returns: Why the process has to be ended; nil to continue.
    private func serve(_ child: borrowing ChildProcess, _ reading: inout Reading) -> String? {
        let (events, wait) = plan()
        var polls = [
            pollfd(fd: child.socket, events: events, revents: 0),
            pollfd(fd: child.output, events: Int16(POLLIN), revents: 0),
            pollfd(fd: child.ended, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        Channel.wait(for: &polls, milliseconds: wait)
        let now = ContinuousClock.now
        if polls[3].revents != 0 { wakeUp.clear() }
        if polls[1].revents != 0 { print(child.output, &reading) }
        if let reason = receive(child, polls[0].revents, &reading, now) { return reason }
        if polls[2].revents != 0, polls[0].revents & Int16(POLLIN) == 0 {
            reading.isClosed = true
            return "it ended"
        }
        return check(now, &reading)
    }

    /// What to wait for, and how long.
    private func plan() -> (events: Int16, milliseconds: Int32) {
        state.withLock { state in
            let writes = state.outgoing.isEmpty ? 0 : Int16(POLLOUT)
            let isIdle = state.calls.isEmpty && ContinuousClock.now - state.lastHeard > .seconds(5)
            state.isResting = isIdle
            return (Int16(POLLIN) | writes, isIdle ? -1 : 50)
        }
    }

    /// Logs what the process has printed.
    private func print(_ output: Int32, _ reading: inout Reading) {
        guard let count = Channel.read(output, into: &reading.block) else { return }
        for line in reading.lines.add(reading.block.prefix(count)) { log(line) }
    }

    private func log(_ line: String) {
        host.log.notice("a plugin printed a line", ["line": line])
    }

    private func receive(
        _ child: borrowing ChildProcess, _ events: Int16, _ reading: inout Reading, _ now: ContinuousClock.Instant
    ) -> String? {
        if events & Int16(POLLOUT) != 0 { _ = state.withLock { $0.outgoing.flush(to: child.socket) } }
        guard events & ~Int16(POLLOUT) != 0 else { return nil }
        guard let count = Channel.read(child.socket, into: &reading.block) else {
            reading.isClosed = true
            return reading.frames.isInside ? "it closed its socket within a frame" : "it closed its socket"
        }
        guard count > 0 else { return nil }
        state.withLock { $0.lastHeard = now }
        reading.frames.add(reading.block.prefix(count))
        do {
            while let object = try reading.frames.next() { try take(PluginMessage(object), after: reading.firstNumber) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Passes a message to its call.
    private func take(_ message: PluginMessage, after first: UInt64) throws {
        switch message {
        case .answer(let number, let outcome):
            let (call, isLate) = state.withLock { state in
                (state.calls.removeValue(forKey: number), state.late.remove(number) != nil)
            }
            if let call { return call.end(outcome) }
            guard isLate else { throw FrameError("it answered the call \(number), which it was not asked") }
            logger.notice(
                "a plugin answered after its deadline, and the answer was dropped",
                metadata: ["plugin": "\(program.plugin)"])
        case .ask(let question, let number):
            let (call, isKnown) = state.withLock { ($0.calls[number], number > first && number <= $0.lastNumber) }
            guard isKnown else {
                throw FrameError("it made a host call for the call \(number), which it was not asked")
            }
            guard let call else {
                return refuse(question, PluginProcess.ended)
            }
            guard call.ask(question) else {
                throw FrameError("it made more than \(IsolatedCall.mostQuestions) host calls without waiting")
            }
        }
    }

    /// Ends calls whose deadline has passed, and finds out whether the process hangs.
    private func check(_ now: ContinuousClock.Instant, _ reading: inout Reading) -> String? {
        if let why = state.withLock({ $0.phase == .stopped ? "the plugin was stopped" : $0.condemned }) { return why }
        guard now - reading.checked >= .milliseconds(20) else { return nil }
        reading.checked = now
        let (expired, heard) = state.withLock { state in
            (state.calls.values.filter { $0.isLate(at: now) }, state.lastHeard)
        }
        for call in expired {
            logger.error(
                "a plugin did not answer in time",
                metadata: ["plugin": "\(program.plugin)", "call": "\(call.function)", "limit": "\(call.limit)"])
            abandon(
                call,
                PluginUnavailable(
                    "the plugin '\(program.plugin)' did not answer '\(call.function)' within \(call.limit)",
                    of: program.plugin))
        }
        if let call = expired.first(where: { $0.begin > heard }) {
            return "it did not answer '\(call.function)' within \(call.limit), and nothing else came from it"
        }
        let late = state.withLock { $0.late.count }
        return late < PluginProcess.mostLate ? nil : "it has not returned from \(late) calls"
    }
}

/// The pause before a process is started again, which doubles while processes do not live long.
private struct Pause {
    private static let longest = Duration.seconds(30)

    private var last = Duration.zero

    /// The next pause.
    ///
    /// - Parameter life: How long the process has lived.
    /// - Returns: The time to wait.
    mutating func next(after life: Duration) -> Duration {
        last = life > .seconds(10) ? .zero : min(max(last * 2, .milliseconds(100)), Pause.longest)
        return last
    }
}

extension Duration {
    /// The duration in whole milliseconds.
    var milliseconds: Int32 {
        let parts = components
        return Int32(clamping: parts.seconds * 1000 + parts.attoseconds / 1_000_000_000_000_000)
    }
}

extension CallOutcome {
    /// The output of a call.
    ///
    /// - Throws: What the plugin threw.
    func output(of plugin: String) throws -> JSON {
        switch self {
        case .output(let output): return output
        case .refusal(let error): throw try OAuthError(form: error)
        case .unavailable(let what): throw StoreError("the plugin '\(plugin)' failed for now: \(what)")
        case .abandoned(let what): throw JobAbandoned(what)
        case .failure(let what): throw IsolatedFailure(description: what)
        }
    }
}

/// An error that a plugin in a process of its own threw.
struct IsolatedFailure: Error, CustomStringConvertible {
    let description: String
}
