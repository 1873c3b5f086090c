// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging

/// The clients: those that the configuration declares, which cost no read, and those in the store, which cost one.
struct Clients: ClientDirectory {
    let core: ServerCore
    let generation: Generation?

    init(_ core: ServerCore, _ generation: Generation?) {
        self.core = core
        self.generation = generation
    }

    func find(_ id: String) async throws -> Client? {
        try await registered(id)?.client
    }

    /// The active client of an identifier, or nil.
    ///
    /// - Throws: `StoreError`; `OAuthError` `unauthorized_client` for one that is not valid with what is loaded.
    func registered(_ id: String) async throws -> RegisteredClient? {
        if let declared = declared(id) { return declared }
        guard let key = key(of: id), let record = try await core.store.read(key) else { return nil }
        return try registered(record)
    }

    /// The client that the configuration declares with an identifier.
    func declared(_ id: String) -> RegisteredClient? {
        // An identifier is ASCII; Swift would take other bytes that look alike for the same text.
        id.utf8.allSatisfy { $0 < 0x80 } ? generation?.clients[id] : nil
    }

    /// What must be read to know a client, nil if the configuration declares it or nothing can have that id.
    func key(of id: String) -> StoreKey? {
        guard let generation, generation.clientDocuments[id] == nil, (1...256).contains(id.utf8.count),
            id.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
        else { return nil }
        return StoredClient.key(id)
    }

    /// The client of a record, or nil if it is inactive.
    func registered(_ record: StoreRecord) throws -> RegisteredClient? {
        guard let generation else { return nil }
        let stored = try StoredClient(record)
        guard stored.isActive else { return nil }
        let parsed = generation.parsed.client(stored) {
            let (client, problems) = generation.read(stored, core.secrets)
            if client == nil {
                core.logger.error(
                    "a client in the store is not valid with what is loaded",
                    metadata: ["client": "\(stored.id)", "problems": "\(problems.map(\.line).joined(separator: "; "))"])
            }
            return client
        }
        guard let parsed else {
            throw OAuthError(
                .unauthorizedClient, "the client's registration is not valid with what this server has loaded",
                reason: "the client '\(stored.id)' in the store is not valid; the log told why")
        }
        return parsed
    }

    /// Whether what was granted to a client has not ended with it: made inactive, removed or made anew.
    ///
    /// - Throws: `StoreError`.
    func isGood(_ authorization: Authorization, given record: StoreRecord?, isStored: Bool) throws -> Bool {
        guard isStored else { return authorization.clientEpoch == nil }
        guard let client = try record.map(StoredClient.init) else { return false }
        return client.isActive && client.epoch == authorization.clientEpoch
    }

    var documents: any DocumentDirectory { core.documents(StoredClient.self, generation) }
}
