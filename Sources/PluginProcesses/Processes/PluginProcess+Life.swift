// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import Logging
import Synchronization

/// The life of the processes that follow one another.
extension PluginProcess {
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

    /// Asks the process to stop, and has it ended after a moment.
    func stop() async {
        if let call = try? begin("stop", [:], within: program.limits.call) { _ = try? await result(of: call) }
        end()
    }

    /// Has the process ended in a moment.
    func end() {
        state.withLock { $0.phase = .stopped }
        wakeUp.wake()
    }

    private var isStopped: Bool { state.withLock { $0.phase == .stopped } }

    private func work() {
        var pause = Pause(longest: program.limits.longestPause)
        while !isStopped {
            let began = ContinuousClock.now
            var end = "it could not be started"
            do {
                try admit()
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
        _ = settle(.failure(PluginStartError("it was stopped before it started")))
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
        for call in state.withLock({ $0.end() }) {
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
            state.begin()
            return (state.lastNumber, state.generation)
        }
        writing { $0.open(child.socket, of: generation) }
        introduce(generation)
        var reading = ProcessReading(firstNumber: number, generation: generation)
        defer { reading.own.cancel() }
        var reason: String?
        while reason == nil { reason = serve(child, &reading) }
        writing { $0.close() }
        // What it printed at its end, such as the reason.
        for line in reading.print(child.output, .now) + reading.lines.end() { log(line) }
        let end = child.end()
        switch (end, reading.isClosed) {
        case (.exited(let status), true): return "it ended with status \(status)"
        case (.killed(let signal), true): return "it was ended by signal \(signal)"
        default: return reason ?? ""
        }
    }

    /// Has the process describe itself and start, in a task.
    private func introduce(_ generation: Int) {
        Task.detached { [self] in
            await PluginProcess.$introduced.withValue(program.plugin) { await introduceNow(generation) }
        }
    }

    private func introduceNow(_ generation: Int) async {
        do {
            guard try await introduction("describe", program.question, generation) == description else {
                return condemn("it describes itself differently than when the plugin was loaded", generation)
            }
            state.withLock { if $0.generation == generation { $0.mayAsk = true } }
            _ = try await introduction("start", [:], generation)
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

    private func introduction(_ function: String, _ input: JSON, _ generation: Int) async throws -> JSON {
        try await result(of: begin(function, input, within: program.limits.start, introducing: generation))
    }

    /// Has the thread end the process.
    func condemn(_ why: String, _ generation: Int) {
        state.withLock { if $0.generation == generation { $0.condemn(why) } }
        wakeUp.wake()
    }
}
