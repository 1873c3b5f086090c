// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// Other servers for tests: requests are recorded, and the test sets the responses.
public final class RecordedOutbound: OutboundHTTP {
    private let state = Mutex<(requests: [OutboundRequest], status: Int)>(([], 200))

    public init() {}

    public var requests: [OutboundRequest] { state.withLock { $0.requests } }

    /// Sets the status of responses; with 0, there are none.
    public func answer(_ status: Int) { state.withLock { $0.status = status } }

    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let status = state.withLock { state in
            state.requests.append(request)
            return state.status
        }
        // Lets other tasks that do the same have their turn.
        await Task.yield()
        guard status != 0 else { throw OutboundError("nobody answers") }
        return OutboundReply(status: status)
    }
}
