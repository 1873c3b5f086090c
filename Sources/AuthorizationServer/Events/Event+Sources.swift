// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

extension Event {
    /// Describes what was issued: the names of the credentials, never their values.
    init(of issuance: Issuance, under grant: String?) {
        self.init(.issued, issuance.authorization)
        client = issuance.client.id
        self.grant = grant
        tokenID = issuance.tokenID
        details = [
            "issued": .strings(issuance.members.map(\.name).filter { !Event.about.contains($0) }),
            "scope": .string(issuance.limits.scope.description),
        ]
        if let type = issuance.authorization.issuedType { details["issued_token_type"] = .string(type) }
        if !issuance.limits.audience.isEmpty { details["audience"] = .strings(issuance.limits.audience) }
    }

    /// Members that only describe the others.
    private static let about: Set<String> = ["token_type", "expires_in", "scope", "issued_token_type"]

    /// Describes something that happened to a session.
    init(_ kind: Event.Kind, _ session: Session, details: JSON) {
        self.init(kind, subject: session.subject, details: details)
        sessionID = session.id
    }

    /// Describes a request that was refused or failed.
    init(_ kind: Event.Kind, _ code: OAuthError.Code, _ trace: RequestTrace, rule: String?) {
        self.init(kind, details: ["endpoint": .string(trace.endpoint), "error": .string(code.rawValue)])
        grant = trace.grant.isEmpty ? nil : trace.grant
        details["rule"] = rule.map(JSON.string)
        for (name, value) in trace.claims { details[name] = .string(value) }
    }

    /// Describes a revocation.
    init(_ what: Revocation, _ reason: String) {
        let details: JSON = ["rule": .string(reason)]
        switch what {
        case .token(let id):
            self.init(.tokenRevoked, details: details)
            tokenID = id
        case .grant(let id):
            self.init(.grantRevoked, details: details)
            grantID = id
        case .session(let id):
            self.init(.sessionEnded, details: details)
            sessionID = id
        @unknown default: self.init(.tokenRevoked, details: details)
        }
    }
}
