// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What people have allowed, as plugins see it.
struct Consents: ConsentDirectory {
    let core: ServerCore

    func list(user id: String) async throws -> [StoredConsent] {
        guard let user = try await core.users.find(id) else { return [] }
        return try await core.store.all("consent", by: "user", equals: id)
            .filter { $0.expiresAt > core.now && $0.value["epoch"]?.integer == user.epoch }
            .compactMap { record in
                guard let client = record.value["client"]?.string else { return nil }
                return StoredConsent(
                    clientID: client, scope: Scope(record.value["granted"]?.strings ?? []),
                    givenAt: Timestamp(seconds: record.value["given"]?.integer ?? 0))
            }
            .sorted { $0.clientID < $1.clientID }
    }

    /// All that was granted by a consent has an id that begins with the consent's own.
    func end(user: String, client: String, reason: String) async throws {
        let key = Consent.key(user, client, in: core)
        guard let record = try await core.store.read(key) else { return }
        guard let id = record.value["id"]?.string else {
            _ = try await core.store.write([.delete(key)])
            return
        }
        try await core.tokenRegistry.revoke(.grant(id), reason: reason, and: [.delete(key)])
    }
}
