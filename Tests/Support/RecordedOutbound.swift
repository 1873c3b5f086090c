// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// Other servers as far as a test needs them: what they are sent is kept, and what they answer is set.
public final class RecordedOutbound: OutboundHTTP {
    private let state = Mutex<(requests: [OutboundRequest], status: Int)>(([], 200))

    public init() {}

    public var requests: [OutboundRequest] { state.withLock { $0.requests } }

    /// Answers with a status from now on; with 0 not at all.
    public func answer(_ status: Int) { state.withLock { $0.status = status } }

    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let status = state.withLock { state in
            state.requests.append(request)
            return state.status
        }
        // Lets others that would do the same have their turn.
        await Task.yield()
        guard status != 0 else { throw OutboundError("nobody answers") }
        return OutboundReply(status: status)
    }
}
