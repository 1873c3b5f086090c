// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// Other servers for tests: requests are recorded, and the test sets the responses.
public final class RecordedOutbound: OutboundHTTP {
    private let state = Mutex<(requests: [OutboundRequest], status: Int, body: String)>(([], 200, ""))

    public init() {}

    public var requests: [OutboundRequest] { state.withLock { $0.requests } }

    /// Sets the status and the body of responses; with the status 0, there are none.
    public func answer(_ status: Int, body: String = "") {
        state.withLock { ($0.status, $0.body) = (status, body) }
    }

    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let (status, body) = state.withLock { state in
            state.requests.append(request)
            return (state.status, state.body)
        }
        // Lets other tasks that do the same have their turn.
        await Task.yield()
        guard status != 0 else { throw OutboundError("nobody answers") }
        return OutboundReply(status: status, body: Array(body.utf8))
    }
}
