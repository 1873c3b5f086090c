// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Describes the access token that is presented, and revokes it.
///
/// With a separate scope, it also lists the user's sessions. The attributes are those of Aidbox's Session.
struct SessionResource: Endpoint {
    let host: any PluginHost
    /// The scope value that is required to list the user's sessions.
    let listing: String
    let route = Route(["GET", "DELETE"], "/Session", below: .issuer)
    let admission = Admission.bearer([])

    func respond(to request: EndpointRequest<Bearer>) async throws -> EndpointResponse {
        let token = request.caller.token
        guard request.head.method == "GET" else {
            // A client that names a session means that one, and must not lose its own token.
            guard request.head.query ?? "" == "" else {
                throw OAuthError(.invalidRequest, "DELETE revokes the token that is presented and takes no parameters")
            }
            try await host.tokens.revoke(.token(token.id), reason: "its holder revoked it")
            return EndpointResponse(nil, status: 204)
        }
        var all = [session(of: token)]
        if case .user(let id) = token.authorization.subject, token.authorization.scope.contains(listing) {
            all += try await host.sessions.list(user: id).map(session)
        }
        return EndpointResponse([
            "resourceType": "Bundle", "type": "searchset", "total": .integer(Int64(all.count)),
            "entry": .array(all.map { ["resource": $0] }),
        ])
    }

    private func session(of token: ResolvedToken) -> JSON {
        let authorization = token.authorization
        var session: JSON = [
            "resourceType": "Session", "id": .string(token.id), "jti": .string(token.id),
            "client": reference("Client", token.clientID), "iss": .string(host.issuer), "active": true,
            "scope": .strings(authorization.scope.words), "start": .string(token.issuedAt.rfc3339),
            "exp": .integer(token.expiresAt.seconds), "end": .string(token.expiresAt.rfc3339),
        ]
        if case .user(let id) = authorization.subject { session["user"] = reference("User", id) }
        // A self-contained token does not name the grant that it was issued for.
        if !authorization.origin.isEmpty { session["type"] = .string(authorization.origin) }
        if !authorization.limits.audience.isEmpty { session["audience"] = .strings(authorization.limits.audience) }
        if let parent = authorization.sessionID { session["parent"] = reference("Session", parent) }
        return session
    }

    private func session(_ session: UserSession) -> JSON {
        [
            "resourceType": "Session", "id": .string(session.id), "user": reference("User", session.user.id),
            "type": "browser", "iss": .string(host.issuer), "active": true,
            "start": .string(session.authenticatedAt.rfc3339), "exp": .integer(session.expiresAt.seconds),
            "end": .string(session.expiresAt.rfc3339),
        ]
    }

    private func reference(_ type: String, _ id: String) -> JSON {
        ["resourceType": .string(type), "id": .string(id)]
    }
}
