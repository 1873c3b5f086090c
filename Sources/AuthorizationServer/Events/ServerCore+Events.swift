// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ServerCore {
    /// Takes down what was issued: the names of what the client got, never a value.
    func recordIssue(_ issuance: Issuance, under grant: String?) {
        events.record(ServerCore.event(of: issuance, under: grant))
    }

    private static func event(of issuance: Issuance, under grant: String?) -> Event {
        var event = Event(.issued, issuance.authorization)
        event.client = issuance.client.id
        event.grant = grant
        event.tokenID = issuance.tokenID
        event.details = [
            "issued": .strings(issuance.members.map(\.name).filter { !about.contains($0) }),
            "scope": .string(issuance.limits.scope.description),
        ]
        if !issuance.limits.audience.isEmpty { event.details["audience"] = .strings(issuance.limits.audience) }
        return event
    }

    /// Members that tell about the others.
    private static let about: Set<String> = ["token_type", "expires_in", "scope"]

    /// Takes down that a person signed in, or proved more.
    func recordBegin(of run: InteractionRun) {
        guard let begun = run.begun else { return }
        let former = run.former
        let isRaised = former?.id == begun.session.id
        recordSignIn(begun.session, as: isRaised ? .sessionRaised : .signedIn)
        if let former, !isRaised {
            events.record(ServerCore.event(.sessionEnded, former, details: ["rule": "another sign-in took its place"]))
        }
    }

    func recordSignIn(_ session: Session, as kind: Event.Kind = .signedIn) {
        events.record(
            ServerCore.event(
                kind, session,
                details: ["amr": .strings(session.amr), "acr": session.acr.map(JSON.string) ?? .null]))
    }

    /// Takes down what a person allowed, if there was a question.
    func recordConsent(of run: InteractionRun, _ granted: AccessLimits) {
        guard run.remembered != nil, let session = run.session else { return }
        var details: JSON = [
            "asked": .string(run.valid.policy.limits.scope.description),
            "scope": .string(granted.scope.description),
        ]
        if !run.items.isEmpty {
            details["asked_beside"] = .strings(run.items)
            details["allowed_beside"] = .strings(run.allowedItems)
        }
        events.record(ServerCore.event(.consented, session, details: details))
    }

    /// Takes down that a person allowed nothing.
    func recordDenial(of asked: AccessLimits, _ session: Session) {
        events.record(
            ServerCore.event(.consentDenied, session, details: ["asked": .string(asked.scope.description)]))
    }

    private static func event(_ kind: Event.Kind, _ session: Session, details: JSON) -> Event {
        var event = Event(kind, subject: session.subject, details: details)
        event.sessionID = session.id
        return event
    }
}

extension Event {
    /// That something was revoked.
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
