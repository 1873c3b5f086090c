// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Sends requests to other servers if the current call may; plugins may keep this object from their `init` on.
struct CurrentOutbound: OutboundHTTP {
    let core: ServerCore

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let isRefused = HeadRequest.isCurrent || PluginCall.ongoing?.isExpired ?? false
        return try await isRefused ? NoOutbound().send(request) : core.sender.send(request)
    }
}
