// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Consents as plugins see them.
struct Consents: ConsentDirectory {
    let core: ServerCore

    func list(user id: String) async throws -> [StoredConsent] {
        guard let user = try await core.users.find(id) else { return [] }
        return try await core.store.all(Consent.collection, by: "user", equals: id)
            .compactMap { Consent.shown($0, of: user, at: core.now) }
            .sorted { $0.clientID < $1.clientID }
    }

    /// Ends a consent and every grant under it; the ids of those grants begin with the id of the consent.
    func end(user: String, client: String, reason: String) async throws {
        let key = Consent.key(user, client, in: core)
        guard let record = try await core.store.read(key) else { return }
        guard let id = Consent.id(record) else {
            _ = try await core.store.write([.delete(key)])
            return
        }
        try await core.tokenRegistry.revoke(.grant(id), reason: reason, and: [.delete(key)])
    }
}
