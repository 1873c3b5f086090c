// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Refuses every request to another server.
public struct NoOutbound: OutboundHTTP {
    /// Creates it.
    public init() {}

    /// Throws an error.
    public func send(_ request: OutboundRequest) async throws -> OutboundReply {
        throw OutboundError("requests to other servers are not possible here")
    }
}
