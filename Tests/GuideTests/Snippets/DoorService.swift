// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Asks another server to open a door.
struct DoorService: Sendable {
    let host: any PluginHost

    func open(_ door: String) async throws {
        var request = OutboundRequest("POST", "https://doors.example.com/open", body: Array(door.utf8))
        request.limit = .seconds(3)
        do {
            let reply = try await host.outbound.send(request)
            guard reply.status == 204 else { throw OutboundError("it responded with the status \(reply.status)") }
        } catch let error as OutboundError {
            host.log.warning("a door was not opened", ["door": door, "error": "\(error)"])
            throw OAuthError(.temporarilyUnavailable, "the door cannot be opened now", reason: "\(error)")
        }
    }
}
