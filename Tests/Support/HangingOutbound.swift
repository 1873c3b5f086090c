// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// Other servers, some of which accept a request and never respond, up to a time limit like that of the real transport.
public final class HangingOutbound: OutboundHTTP {
    private struct State {
        var answered: [String: Int] = [:]
        var asked: [String: Int] = [:]
        var hangs: @Sendable (String) -> Bool
        var running = 0
        var most = 0
    }

    private let state: Mutex<State>
    private let limit: Duration
    private let status: Int

    /// Creates servers that hang for some URLs.
    public init(limit: Duration, status: Int = 200, hangs: @escaping @Sendable (String) -> Bool) {
        self.limit = limit
        self.status = status
        state = Mutex(State(hangs: hangs))
    }

    public func hang(_ hangs: @escaping @Sendable (String) -> Bool) { state.withLock { $0.hangs = hangs } }

    /// The number of responses from a URL.
    public func answers(of url: String) -> Int { state.withLock { $0.answered[url] ?? 0 } }
    /// The number of requests to a URL.
    public func requests(to url: String) -> Int { state.withLock { $0.asked[url] ?? 0 } }
    public var answers: Int { state.withLock { $0.answered.values.reduce(0, +) } }
    /// The maximum number of simultaneous requests so far.
    public var most: Int { state.withLock { $0.most } }

    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let hangs = state.withLock { state in
            state.asked[request.url, default: 0] += 1
            state.running += 1
            state.most = max(state.most, state.running)
            return state.hangs(request.url)
        }
        defer { state.withLock { $0.running -= 1 } }
        guard !hangs else {
            try await Task.sleep(for: limit)
            throw OutboundError("no answer")
        }
        state.withLock { $0.answered[request.url, default: 0] += 1 }
        return OutboundReply(status: status)
    }
}
