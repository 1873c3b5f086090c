// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a user grants at the end of an interaction, wherever the result goes.
extension InteractionRun {
    /// What the user of a session has allowed.
    func authorization(for session: Session, _ limits: AccessLimits) -> Authorization {
        var authorization = Authorization(user: session.user, limits: limits)
        authorization.authenticatedAt = session.authenticatedAt
        authorization.acr = session.acr
        authorization.amr = session.amr
        authorization.sessionID = session.id
        let asked = ConsentItems.keeping(allowedItems, in: valid.policy.attachments)
        authorization.attachments = asked.merging(state.attachments) { _, new in new }
        return authorization
    }

    /// The id for the grant.
    var newGrantID: String {
        Tombstone.grantID(core.random(bytes: 16), under: consentID, wasAsked: wasAsked)
    }

    /// The writes that store the consent, and the client under its session.
    ///
    /// - Throws: `StoreError`.
    func consentWrites(for session: Session) async throws -> [StoreWrite] {
        let client = try await SessionClient.remembering(
            valid.registered.client.id, in: session, isNew: begun?.isNew ?? false, core)
        return (consentWrite.map { [$0] } ?? []) + client
    }
}
