// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Requests to other servers where there are none.
public struct NoOutbound: OutboundHTTP {
    /// Makes it.
    public init() {}

    /// Refuses.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        throw OutboundError("this process asks no other server")
    }
}
