// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension EventRecorder {
    /// Records what was issued: the names of the credentials, never their values.
    func recordIssue(_ issuance: Issuance, under grant: String?) {
        record(Event(of: issuance, under: grant))
    }

    /// Records that a user signed in or stepped up a session.
    func recordBegin(of run: InteractionRun) {
        guard let begun = run.begun else { return }
        let former = run.former
        let isRaised = former?.id == begun.session.id
        recordSignIn(begun.session, as: isRaised ? .sessionRaised : .signedIn)
        if let former, !isRaised {
            record(Event(.sessionEnded, former, details: ["rule": "another sign-in replaced it"]))
        }
    }

    func recordSignIn(_ session: Session, as kind: Event.Kind = .signedIn) {
        record(
            Event(
                kind, session,
                details: ["amr": .strings(session.amr), "acr": session.acr.map(JSON.string) ?? .null]))
    }

    /// Records what the user allowed, if they were asked.
    func recordConsent(of run: InteractionRun, _ granted: AccessLimits) {
        guard run.isAnswered, let session = run.session else { return }
        var details: JSON = [
            "asked": .string(run.valid.policy.limits.scope.description),
            "scope": .string(granted.scope.description),
        ]
        if !run.items.isEmpty {
            details["asked_beside"] = .strings(run.items)
            details["allowed_beside"] = .strings(run.allowedItems)
        }
        record(Event(.consented, session, details: details))
    }

    /// Records that the user refused consent.
    func recordDenial(of asked: AccessLimits, _ session: Session) {
        record(
            Event(.consentDenied, session, details: ["asked": .string(asked.scope.description)]))
    }
}
