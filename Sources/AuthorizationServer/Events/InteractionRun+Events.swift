// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Event {
    /// Describes that a user signed in, or stepped up a session.
    static func signIn(_ session: Session, as kind: Event.Kind = .signedIn) -> Event {
        Event(
            kind, session,
            details: ["amr": .strings(session.amr), "acr": session.acr.map(JSON.string) ?? .null])
    }
}

extension InteractionRun {
    /// The events about the session that the run begins or steps up, and about the one that it replaces.
    var sessionEvents: [Event] {
        guard let begun else { return [] }
        let isRaised = former?.id == begun.session.id
        let first = Event.signIn(begun.session, as: isRaised ? .sessionRaised : .signedIn)
        guard let former, !isRaised else { return [first] }
        return [first, Event(.sessionEnded, former, details: ["rule": "another sign-in replaced it"])]
    }

    /// The event about what the user allowed, if they were asked.
    func consentEvents(_ granted: AccessLimits) -> [Event] {
        guard isAnswered, let session else { return [] }
        var details: JSON = [
            "asked": .string(valid.policy.limits.scope.description),
            "scope": .string(granted.scope.description),
        ]
        if !items.isEmpty {
            details["asked_beside"] = .strings(items)
            details["allowed_beside"] = .strings(allowedItems)
        }
        return [Event(.consented, session, details: details)]
    }
}
