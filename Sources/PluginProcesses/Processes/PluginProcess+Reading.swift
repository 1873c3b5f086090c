// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Glibc
import GrantKit
import Logging
import Synchronization

/// What the thread of a process does while the process runs.
extension PluginProcess {
    /// The number of host calls for calls that have ended that a process may make before it answers one.
    private static let mostRefused = 64
    /// The number of calls that a process may fail to return from before it is ended.
    private static let mostLate = 64

    /// Waits for something to do with the process, and does it.
    ///
    /// - Returns: Why the process has to be ended; nil to continue.
    func serve(_ child: borrowing ChildProcess, _ reading: inout ProcessReading) -> String? {
        let (events, wait) = plan(reading)
        let isPrinting = reading.isPrinting && reading.printsFrom <= .now
        var polls = [
            pollfd(fd: child.socket, events: events, revents: 0),
            // The system skips a negative number.
            pollfd(fd: isPrinting ? child.output : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: child.ended, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
        ]
        Channel.wait(for: &polls, milliseconds: wait)
        let now = ContinuousClock.now
        if polls[3].revents != 0 { wakeUp.clear() }
        if polls[1].revents != 0 { for line in reading.print(child.output, now) { log(line) } }
        if let reason = receive(child, polls[0].revents, &reading, now) { return reason }
        if polls[2].revents != 0, polls[0].revents & Int16(POLLIN) == 0 {
            reading.isClosed = true
            return "it ended"
        }
        return check(now, &reading)
    }

    /// What to wait for, and how long.
    private func plan(_ reading: ProcessReading) -> (events: Int16, milliseconds: Int32) {
        state.withLock { state in
            let writes = waiting.load(ordering: .relaxed) == 0 ? 0 : Int16(POLLOUT)
            let now = ContinuousClock.now
            let isIdle = state.calls.isEmpty && now - state.lastHeard > .seconds(5) && reading.printsFrom <= now
            state.isResting = isIdle
            let wait = reading.printsFrom > now ? ProcessReading.printPause : .milliseconds(50)
            return (Int16(POLLIN) | writes, isIdle ? -1 : wait.milliseconds)
        }
    }

    func log(_ line: String) {
        host.log.notice("a plugin printed a line", ["line": line])
    }

    private func receive(
        _ child: borrowing ChildProcess, _ events: Int16, _ reading: inout ProcessReading,
        _ now: ContinuousClock.Instant
    ) -> String? {
        if events & Int16(POLLOUT) != 0 { writing { $0.flush() } }
        guard events & ~Int16(POLLOUT) != 0 else { return nil }
        guard let count = Channel.read(child.socket, into: &reading.block) else {
            reading.isClosed = true
            return reading.frames.isInside ? "it closed its socket within a frame" : "it closed its socket"
        }
        guard count > 0 else { return nil }
        state.withLock { $0.lastHeard = now }
        reading.frames.add(reading.block.prefix(count))
        do {
            while let object = try reading.frames.next() { try take(PluginMessage(object), &reading) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Passes a message to its call.
    private func take(_ message: PluginMessage, _ reading: inout ProcessReading) throws {
        switch message {
        case .answer(let number, let outcome):
            reading.refused = 0
            try end(number, outcome)
        case .ask(var question, let number):
            let size = reading.frames.length
            guard size <= Frame.largest else {
                throw FrameError("it made a host call of \(size) bytes; a host call has at most \(Frame.largest)")
            }
            let waiting = number == nil ? reading.own.waiting : reading.waiting
            question.part = WaitingBytes.Part(size, of: waiting)
            guard !waiting.isTooMuch else {
                throw FrameError("it made host calls of more than \(WaitingBytes.most) bytes without waiting")
            }
            guard state.withLock({ $0.mayAsk }) else {
                let refusal = ServerMessage.refusal(question.number, "refused", PluginProcess.tooEarly)
                return send(refusal, to: question, of: reading.generation)
            }
            guard let number else { return try serve(question, reading) }
            try ask(question, for: number, &reading)
        }
    }

    /// Serves a host call that belongs to no call.
    private func serve(_ question: HostQuestion, _ reading: ProcessReading) throws {
        let generation = reading.generation
        let isAccepted = reading.own.serve { [self] in
            await reply(to: question)
        } then: { [self] reply in
            send(reply, to: question, of: generation)
        }
        guard isAccepted else {
            throw FrameError("it made more than \(OwnHostCalls.most) host calls outside of any call without waiting")
        }
    }

    private func end(_ number: UInt64, _ outcome: CallOutcome) throws {
        let (call, isLate) = state.withLock { ($0.calls[number], $0.late.removeValue(forKey: number) != nil) }
        if isLate {
            logger.notice(
                "a plugin answered after its deadline, and the answer was dropped",
                metadata: ["plugin": "\(program.plugin)"])
        } else if call?.end(outcome) != true {
            throw FrameError("it answered the call \(number), which it was not asked")
        }
    }

    private func ask(_ question: HostQuestion, for number: UInt64, _ reading: inout ProcessReading) throws {
        let first = reading.firstNumber
        let (call, isKnown) = state.withLock { ($0.calls[number], number > first && number <= $0.lastNumber) }
        guard isKnown else { throw FrameError("it made a host call for the call \(number), which it was not asked") }
        switch call?.ask(question) ?? .tooLate {
        case .accepted: break
        case .tooLate:
            reading.refused += 1
            guard reading.refused <= PluginProcess.mostRefused else {
                throw FrameError("it made \(reading.refused) host calls for calls that have ended, and answered none")
            }
            send(refusal(of: question), to: question, of: reading.generation)
        case .tooMany:
            throw FrameError("it made more than \(IsolatedCall.mostQuestions) host calls without waiting")
        }
    }

    // MARK: deadlines

    /// Ends calls whose deadline has passed, and finds out whether the process hangs.
    private func check(_ now: ContinuousClock.Instant, _ reading: inout ProcessReading) -> String? {
        if let why = state.withLock({ $0.phase == .stopped ? "the plugin was stopped" : $0.condemned }) { return why }
        guard now - reading.checked >= .milliseconds(20) else { return nil }
        reading.checked = now
        let (expired, heard) = state.withLock { state in
            (state.calls.values.filter { $0.isLate(at: now) }, state.lastHeard)
        }
        // A process that waits for a host call may be unable to answer anything else.
        let isWaiting = !reading.waiting.isEmpty
        let silent = expired.filter { !$0.isAnswered }
        for call in silent { logExpiry(of: call) }
        for call in expired { abandon(call, expiry(of: call)) }
        if !isWaiting, let call = silent.first(where: { $0.begin > heard }) {
            return "it did not answer '\(call.function)' within \(call.limit), and nothing else came from it"
        }
        let late = state.withLock { state in state.late.values.count(where: { $0 <= now }) }
        return late < PluginProcess.mostLate ? nil : "it has not returned from \(late) calls"
    }

    private func logExpiry(of call: IsolatedCall) {
        logger.error(
            "a plugin did not answer in time",
            metadata: ["plugin": "\(program.plugin)", "call": "\(call.function)", "limit": "\(call.limit)"])
    }

    private func expiry(of call: IsolatedCall) -> PluginUnavailable {
        PluginUnavailable(
            "the plugin '\(program.plugin)' did not answer '\(call.function)' within \(call.limit)",
            of: program.plugin)
    }
}
