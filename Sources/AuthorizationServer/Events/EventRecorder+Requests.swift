// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension EventRecorder {
    /// Records what was issued: the names of the credentials, never their values.
    func recordIssue(_ issuance: Issuance, under grant: String?) {
        record(Event(of: issuance, under: grant))
    }

    /// Records that the user refused consent.
    func recordDenial(of asked: AccessLimits, _ session: Session) {
        record(
            Event(.consentDenied, session, details: ["asked": .string(asked.scope.description)]))
    }
}
