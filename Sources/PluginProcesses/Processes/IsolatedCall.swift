// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Synchronization

/// A call that a process has been sent, until its end.
///
/// Its host calls are served one after the other in a task that the task of the request starts, so they belong to the
/// request, and one that takes long does not hold up the end of the call.
final class IsolatedCall: Sendable {
    /// What the task of the request has to do.
    enum Step: Sendable {
        /// To start a task that serves the host calls that wait.
        case serve
        case end(Result<CallOutcome, any Error>)
    }

    /// What becomes of a host call.
    enum Acceptance {
        case accepted
        /// Too many wait already.
        case tooMany
        /// The call has ended.
        case tooLate
    }

    /// The number of host calls that a process may make in one call without waiting for a reply.
    static let mostQuestions = 64

    private struct State {
        var questions: [HostQuestion] = []
        var isServing = false
        var server: Task<Void, Never>?
        /// How the call has ended.
        var end: Result<CallOutcome, any Error>?
        /// Whether host calls are not waited for any more.
        var isOver = false
        var waiter: CheckedContinuation<Step, Never>?

        /// What can be done now.
        mutating func step() -> Step? {
            if isOver || (questions.isEmpty && !isServing) { return end.map(Step.end) }
            guard !isServing else { return nil }
            isServing = true
            return .serve
        }

        /// The task that waits, and what it can do now.
        mutating func wake() -> (CheckedContinuation<Step, Never>, Step)? {
            guard let waiter, let step = step() else { return nil }
            self.waiter = nil
            return (waiter, step)
        }
    }

    let number: UInt64
    let function: String
    let begin = ContinuousClock.now
    let limit: Duration
    /// The number of the process among those that follow one another; 0 for a library in this process.
    let generation: Int
    private let state = Mutex(State())

    init(_ number: UInt64, _ function: String, within limit: Duration, generation: Int = 0) {
        self.number = number
        self.function = function
        self.limit = limit
        self.generation = generation
    }

    func isLate(at now: ContinuousClock.Instant) -> Bool {
        now - begin >= limit
    }

    /// Whether the process has answered, though its host calls may still be served.
    var isAnswered: Bool { state.withLock { $0.end != nil } }

    /// The answer, if there is one and no host call is served any more; nil otherwise, or if the call has failed.
    var outcome: CallOutcome? {
        state.withLock { $0.questions.isEmpty && !$0.isServing ? try? $0.end?.get() : nil }
    }

    /// Waits until the task of the request has something to do.
    func next() async -> Step {
        await withCheckedContinuation { continuation in
            let step = state.withLock { state in
                let step = state.step()
                if step == nil { state.waiter = continuation }
                return step
            }
            if let step { continuation.resume(returning: step) }
        }
    }

    /// Changes the state, and wakes the task of the request if it has something to do then.
    private func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        let (value, woken) = state.withLock { state in
            let value = body(&state)
            return (value, state.wake())
        }
        if let woken { woken.0.resume(returning: woken.1) }
        return value
    }

    // MARK: host calls

    /// Takes a host call.
    func ask(_ question: HostQuestion) -> Acceptance {
        change { state in
            guard state.end == nil else { return .tooLate }
            guard state.questions.count < IsolatedCall.mostQuestions else { return .tooMany }
            state.questions.append(question)
            return .accepted
        }
    }

    /// Notes the task that serves host calls, which is cancelled if nobody waits for the call any more.
    func isServed(by task: Task<Void, Never>) {
        let isOver = state.withLock { state in
            state.server = task
            return state.isOver
        }
        if isOver { task.cancel() }
    }

    /// The host call that is to be served next; nil if none waits.
    func nextQuestion() -> HostQuestion? {
        change { state in
            state.isServing = !state.questions.isEmpty
            return state.questions.isEmpty ? nil : state.questions.removeFirst()
        }
    }

    // MARK: the end

    /// Ends the call with the answer of the process; host calls that it made before are still served.
    ///
    /// - Returns: False if it has been answered already.
    func end(_ outcome: CallOutcome) -> Bool {
        change { state in
            guard state.end == nil else { return false }
            state.end = .success(outcome)
            return true
        }
    }

    /// Ends the call now: without an answer if there is none yet, and without the host calls that wait.
    ///
    /// - Returns: The host calls that are not served any more, and for whose replies the process may wait.
    @discardableResult
    func fail(_ error: any Error) -> [HostQuestion] {
        let (dropped, server) = change { state in
            defer { state.questions = [] }
            state.end = state.end ?? .failure(error)
            state.isOver = true
            return (state.questions, state.server)
        }
        server?.cancel()
        return dropped
    }
}
