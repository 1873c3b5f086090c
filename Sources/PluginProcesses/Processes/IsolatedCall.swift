// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Synchronization

/// A call that a process has been sent, until its end.
///
/// The task of the request takes what arrives for it, so host calls are served in that task.
final class IsolatedCall: Sendable {
    /// What arrives for a call.
    enum Arrival: Sendable {
        case ask(HostQuestion)
        case end(CallOutcome)
        /// The process did not answer.
        case failed(any Error)
    }

    /// The number of host calls that a process may make in one call without waiting for a reply.
    static let mostQuestions = 64

    private struct State {
        var arrivals: [Arrival] = []
        var waiter: CheckedContinuation<Arrival, Never>?
        var isOver = false
    }

    let number: UInt64
    let function: String
    let begin = ContinuousClock.now
    let limit: Duration
    private let state = Mutex(State())

    init(_ number: UInt64, _ function: String, within limit: Duration) {
        self.number = number
        self.function = function
        self.limit = limit
    }

    func isLate(at now: ContinuousClock.Instant) -> Bool {
        now - begin >= limit
    }

    /// The next arrival; the last one is the end or the failure.
    func next() async -> Arrival {
        await withCheckedContinuation { continuation in
            let arrival: Arrival? = state.withLock { state in
                guard state.arrivals.isEmpty else { return state.arrivals.removeFirst() }
                state.waiter = continuation
                return nil
            }
            if let arrival { continuation.resume(returning: arrival) }
        }
    }

    /// Passes a host call to the task.
    ///
    /// - Returns: Whether it was accepted; false if too many wait.
    func ask(_ question: HostQuestion) -> Bool {
        let (waiter, isAccepted): (CheckedContinuation<Arrival, Never>?, Bool) = state.withLock { state in
            guard !state.isOver else { return (nil, true) }
            if let waiter = state.waiter {
                state.waiter = nil
                return (waiter, true)
            }
            guard state.arrivals.count < IsolatedCall.mostQuestions else { return (nil, false) }
            state.arrivals.append(.ask(question))
            return (nil, true)
        }
        waiter?.resume(returning: .ask(question))
        return isAccepted
    }

    /// Ends the call with the answer of the process; host calls that it made before are still served.
    func end(_ outcome: CallOutcome) {
        let waiter = state.withLock { state in
            guard !state.isOver else { return nil as CheckedContinuation<Arrival, Never>? }
            state.isOver = true
            if state.waiter == nil { state.arrivals.append(.end(outcome)) }
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .end(outcome))
    }

    /// Ends the call without an answer.
    ///
    /// - Returns: The host calls that are not served any more, and for whose replies the process may wait.
    @discardableResult
    func fail(_ error: any Error) -> [HostQuestion] {
        let (waiter, dropped): (CheckedContinuation<Arrival, Never>?, [HostQuestion]) = state.withLock { state in
            guard !state.isOver else { return (nil, []) }
            state.isOver = true
            let dropped = state.arrivals.compactMap { if case .ask(let question) = $0 { question } else { nil } }
            state.arrivals = state.waiter == nil ? [.failed(error)] : []
            defer { state.waiter = nil }
            return (state.waiter, dropped)
        }
        waiter?.resume(returning: .failed(error))
        return dropped
    }
}
