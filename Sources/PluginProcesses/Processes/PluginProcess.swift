// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Logging
import Synchronization

/// One of the processes of an isolated plugin: sends it calls, and passes on what arrives for them.
///
/// A thread starts the process, reads from it, checks deadlines and starts it again when it ends. All others only write
/// to its socket, without waiting.
final class PluginProcess: Sendable {
    /// Why a host call of a call that has ended is refused.
    static let ended = "the call that it belongs to has ended"
    /// Why a host call before the start is refused.
    static let tooEarly = "host calls are possible from 'start' on"
    /// The plugin whose process is being introduced, in the host calls that belong to that.
    @TaskLocal static var introduced: String?

    let program: PluginProgram
    let description: JSON
    let host: any PluginHost
    let logger: Logger
    let wakeUp = WakeUp()
    let state = Mutex(ProcessState())
    /// Not part of the state: the process may run and answer before a write to it returns, and the thread that reads its
    /// answers would wait for that.
    private let input = Mutex(ProcessInput())
    /// The bytes that wait until the process reads.
    let waiting = Atomic<Int>(0)
    /// Throws if the program may not be started now.
    let admit: @Sendable () throws -> Void
    private let calls: HostCalls

    init(
        _ program: PluginProgram, describedAs description: JSON, _ host: any PluginHost, _ calls: HostCalls,
        _ logger: Logger, admit: @escaping @Sendable () throws -> Void
    ) {
        self.program = program
        self.description = description
        self.host = host
        self.calls = calls
        self.logger = logger
        self.admit = admit
    }

    /// The number of calls that the process has not answered; nil if it cannot be called now.
    var load: Int? {
        state.withLock { $0.phase == .ready ? $0.calls.count + $0.late.count : nil }
    }

    func unavailable(_ why: String) -> PluginUnavailable {
        PluginUnavailable("the plugin '\(program.plugin)' was not called: \(why)", of: program.plugin)
    }

    // MARK: calls

    /// Sends a call.
    ///
    /// - Parameters:
    ///   - function: The function of the protocol.
    ///   - role: The place of the role in its list in the description.
    ///   - input: The input.
    ///   - limit: The deadline.
    ///   - generation: The process that has to be introduced; nil for calls to one that is ready.
    /// - Returns: The call, whose result has to be waited for.
    /// - Throws: `PluginUnavailable` if the process cannot be called; `FrameError`.
    func begin(
        _ function: String, role: Int? = nil, _ input: JSON, within limit: Duration, introducing generation: Int? = nil
    ) throws -> IsolatedCall {
        let (number, current) = try state.withLock { state in
            try check(state, introducing: generation)
            state.lastNumber += 1
            return (state.lastNumber, state.generation)
        }
        let call = IsolatedCall(number, function, within: limit, generation: current)
        let frame = try Frame.bytes(
            ServerMessage.call(number, function, role: role, input, within: limit, at: host.now))
        let isResting = state.withLock { state in
            state.calls[number] = call
            return state.isResting
        }
        // Another process may have taken its place, and has not been introduced yet.
        guard send(frame, to: current) else {
            _ = state.withLock { $0.calls.removeValue(forKey: number) }
            throw unavailable("its process has just ended")
        }
        if isResting { wakeUp.wake() }
        return call
    }

    private func check(_ state: ProcessState, introducing generation: Int?) throws {
        let isAsExpected =
            generation.map { state.phase == .starting && state.generation == $0 } ?? (state.phase == .ready)
        guard isAsExpected else { throw unavailable("its process is being started again") }
        guard state.calls.count + state.late.count < program.limits.calls,
            waiting.load(ordering: .relaxed) <= Outgoing.most
        else {
            throw unavailable("its process has not answered too many calls")
        }
    }

    /// Waits for the end of a call, and has the host calls served that belong to it.
    ///
    /// - Returns: The output.
    /// - Throws: What the plugin throws; `PluginUnavailable`.
    func result(of call: IsolatedCall) async throws -> JSON {
        try await withTaskCancellationHandler {
            while true {
                switch await call.next() {
                case .serve: call.isServed(by: Task { await serve(call) })
                case .end(let result):
                    _ = state.withLock { $0.calls.removeValue(forKey: call.number) }
                    return try result.get().output(of: program.plugin)
                }
            }
        } onCancel: {
            abandon(call, CancellationError())
        }
    }

    private func serve(_ call: IsolatedCall) async {
        while let question = call.nextQuestion() {
            send(await calls.reply(to: question), to: question, of: call.generation)
        }
    }

    /// The reply to a host call that belongs to no call of the server.
    func reply(to question: HostQuestion) async -> JSON {
        // As in 'start', a host call that leads back to the plugin must not wait for its start.
        let isStarting = state.withLock { $0.phase == .starting }
        return await PluginProcess.$introduced.withValue(isStarting ? program.plugin : nil) {
            await calls.reply(to: question)
        }
    }

    // MARK: what the process is sent

    /// Sends the reply to a host call, even if nobody waits for the answer of its call: the process waits for the reply.
    ///
    /// - Parameters:
    ///   - reply: The reply.
    ///   - question: The host call.
    ///   - generation: The number of the process that made it, since another one did not ask.
    func send(_ reply: JSON, to question: HostQuestion, of generation: Int) {
        let large = ServerMessage.refusal(question.number, "refused", "the reply is too large or too deep for a frame")
        guard let frame = (try? Frame.bytes(reply)) ?? (try? Frame.bytes(large)) else { return }
        // Before the process knows the reply, and makes the next host call.
        question.part?.end()
        _ = send(frame, to: generation)
    }

    /// The reply to a host call of a call that has ended.
    func refusal(of question: HostQuestion) -> JSON {
        ServerMessage.refusal(question.number, "refused", PluginProcess.ended)
    }

    /// Ends a call for which nobody waits any more.
    func abandon(_ call: IsolatedCall, _ error: any Error) {
        let isUnanswered = state.withLock { state in
            guard state.calls.removeValue(forKey: call.number) != nil, !call.isAnswered else { return false }
            state.late[call.number] = call.begin + call.limit
            return true
        }
        if isUnanswered, let frame = try? Frame.bytes(ServerMessage.cancel(call.number)) {
            _ = send(frame, to: call.generation)
        }
        for question in call.fail(error) { send(refusal(of: question), to: question, of: call.generation) }
    }

    /// Writes a frame to a process, or keeps it until the process reads.
    ///
    /// - Returns: False if that process has ended.
    private func send(_ frame: [UInt8], to generation: Int) -> Bool {
        guard writing({ $0.send(frame, to: generation) }) else { return false }
        let count = waiting.load(ordering: .relaxed)
        if count > Outgoing.mostWithReplies {
            condemn("it does not read what it has been sent", generation)
        } else if count > 0 {
            wakeUp.wake()
        }
        return true
    }

    /// Writes to the process that runs now.
    func writing<Value: Sendable>(_ body: (inout ProcessInput) -> Value) -> Value {
        input.withLock { input in
            defer { waiting.store(input.waiting, ordering: .relaxed) }
            return body(&input)
        }
    }
}
