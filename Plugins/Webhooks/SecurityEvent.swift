// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An event as the claims of a security event token (RFC 8417 section 2.2).
///
/// It contains only identifiers of users: no name, no e-mail address and no address of a request.
struct SecurityEvent: Sendable {
    let event: Event
    /// The user, because the end of a session does not name its user.
    let user: String?
    let issuer: String

    /// Describes an event.
    ///
    /// - Parameters:
    ///   - event: The event.
    ///   - user: The user, if the event does not name its subject.
    ///   - issuer: The issuer.
    init(_ event: Event, user: String? = nil, issuer: String) {
        self.event = event
        self.user = user
        self.issuer = issuer
    }

    /// The claims of the token for one receiver.
    ///
    /// - Parameters:
    ///   - audience: The receiver's `aud`.
    ///   - jti: The id of the token, the same for each attempt to deliver it.
    /// - Returns: The claims.
    func claims(for audience: String, jti: String) -> JSON {
        let type = EventType(event)
        var claims: JSON = [
            "iss": .string(issuer), "iat": .integer(event.time.seconds), "jti": .string(jti), "aud": .string(audience),
        ]
        claims["txn"] = event.requestID.map(JSON.string)
        claims["sub_id"] = subject
        claims["events"] = .object([JSON.Member(type.uri(issuer), payload(type))])
        return claims
    }

    // MARK: the subject

    /// The subject of the event (RFC 9493 section 3; `complex` and `jwt_id` are from OpenID Shared Signals Framework
    /// 1.0 section 3).
    private var subject: JSON? {
        let name = event.subject?.id ?? user
        if EventType.ofSessions.contains(event.kind), let session = event.sessionID {
            // Without the session, the token would be about all sessions of the user.
            var both: JSON = ["format": "complex", "session": ["format": "opaque", "id": .string(session)]]
            both["user"] = name.map(issued)
            return both
        }
        if let name { return issued(name) }
        if let token = event.tokenID {
            return ["format": "jwt_id", "iss": .string(issuer), "jti": .string(token)]
        }
        if let grant = event.grantID { return ["format": "opaque", "id": .string(grant)] }
        return event.client.map(issued)
    }

    private func issued(_ subject: String) -> JSON {
        ["format": "iss_sub", "iss": .string(issuer), "sub": .string(subject)]
    }

    // MARK: the event

    private func payload(_ type: EventType) -> JSON {
        var payload: JSON = [
            "event_timestamp": .integer(event.time.seconds), "event": .string(event.kind.rawValue),
        ]
        for member in type.members { payload[member.name] = member.value }
        payload["client_id"] = event.client.map(JSON.string)
        payload["grant"] = event.grant.map(JSON.string)
        payload["grant_id"] = event.grantID.map(JSON.string)
        payload["session_id"] = event.sessionID.map(JSON.string)
        payload["token_id"] = event.tokenID.map(JSON.string)
        let details = event.details.members.filter { $0.value != .null }
        if !details.isEmpty { payload["details"] = .object(details) }
        return payload
    }
}
