// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Notifies the clients of a session from server to server when it ends (OpenID Connect Back-Channel Logout 1.0).
struct BackChannel: RevocationParticipant, JobHandler {
    let host: any PluginHost
    let algorithm: String
    let limit: Duration
    let callback: ClientAttribute<CallbackAddress>
    let deliveries: Deliveries
    let name = "backchannel-logout"

    private static let event = "http://schemas.openid.net/event/backchannel-logout"
    /// The lifetime of a logout token (section 2.4 recommends at most two minutes).
    private static let lifetime = Duration.seconds(120)

    /// One job for each client with a back-channel URL, committed together with the end of the session.
    func writes(revoking what: Revocation) async throws -> [StoreWrite] {
        guard case .session(let id) = what, let session = try await host.sessions.find(id) else { return [] }
        var writes: [StoreWrite] = []
        for clientID in try await host.sessions.clients(of: id) {
            guard let client = try await host.clients.usable(clientID), client[callback].address != nil else {
                continue
            }
            let jti = host.random(bytes: 16)
            let payload: JSON = [
                "client": .string(clientID), "sid": .string(id), "sub": .string(session.user.id), "jti": .string(jti),
            ]
            deliveries.expect(jti, of: id)
            writes.append(try await host.jobs.enqueue(Job(name, payload, limit: limit)))
        }
        return writes
    }

    /// Sends a logout token; every attempt has the same `jti`, so that the client acts on it once.
    func run(_ payload: JSON) async throws {
        // A browser waits for the first attempt only, whether it succeeds or not.
        defer { deliveries.end(payload["jti"]?.string ?? "") }
        guard let id = payload["client"]?.string, let client = try await host.clients.find(id),
            let address = client[callback].address
        else { return }
        let token = try await host.keys.sign(
            [
                "iss": .string(host.issuer), "aud": .string(id), "sub": payload["sub"] ?? .null,
                "sid": payload["sid"] ?? .null, "jti": payload["jti"] ?? .null, "iat": .integer(host.now.seconds),
                "exp": .integer((host.now + BackChannel.lifetime).seconds), "events": [BackChannel.event: [:]],
            ], type: "logout+jwt", algorithm: client.document["id_token_signed_response_alg"]?.string ?? algorithm)
        var request = OutboundRequest("POST", address.text, body: Array("logout_token=\(token)".utf8))
        request.headers = [("content-type", "application/x-www-form-urlencoded")]
        let reply = try await host.outbound.send(request)
        // Section 2.8 requires 200 and tolerates 204.
        guard reply.status == 200 || reply.status == 204 else {
            throw OutboundError("client '\(id)' responded to the logout token with status \(reply.status)")
        }
    }
}
