// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Requests to other servers as they are allowed at each call: a plugin may keep this from its `init` on.
struct CurrentOutbound: OutboundHTTP {
    let core: ServerCore

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        let isRefused = HeadRequest.isCurrent || PluginCall.ongoing?.isExpired ?? false
        return try await isRefused ? NoOutbound().send(request) : core.sender.send(request)
    }
}
