// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The other servers of a test: it records each request and answers it.
public final class TestNetwork: OutboundHTTP {
    /// Answers a request.
    public typealias Answer = @Sendable (OutboundRequest) async throws -> OutboundReply

    private struct State {
        var sent: [OutboundRequest] = []
        var answer: Answer?
    }

    private let state = Mutex(State())

    /// Makes a network in which no server responds.
    public init() {}

    /// The requests, in the order in which they were sent.
    public var sent: [OutboundRequest] { state.withLock { $0.sent } }

    /// What answers; nil if no server responds.
    var answer: Answer? { state.withLock { $0.answer } }

    /// Lets a function answer all further requests.
    ///
    /// - Parameter answer: The function; it may throw an `OutboundError`, as if the server did not respond.
    public func respond(_ answer: @escaping Answer) {
        state.withLock { $0.answer = answer }
    }

    /// Records a request and answers it.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        if OnlyLooking.isCurrent { throw OutboundError("nothing is sent while a HEAD request is served") }
        let answer = state.withLock { state in
            state.sent.append(request)
            return state.answer
        }
        guard let answer else { throw OutboundError("no server responds in this test; set one with respond") }
        return try await answer(request)
    }
}
