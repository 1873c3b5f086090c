// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Logging

/// The clients in the configuration, which cost no read, and in the store, which cost one read.
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

    /// The active client with an id, or nil.
    ///
    /// - Throws: `StoreError`; `OAuthError` `unauthorized_client` if the client is not valid with the loaded plugins.
    func registered(_ id: String) async throws -> RegisteredClient? {
        if let declared = declared(id) { return declared }
        guard let key = key(of: id), let record = try await RecentRecords.read(key, from: core.store) else {
            return nil
        }
        return try await registered(record)
    }

    /// The client with an id in the configuration, or nil.
    func declared(_ id: String) -> RegisteredClient? {
        // Ids are ASCII. Swift strings with different bytes can be equal.
        id.utf8.allSatisfy { $0 < 0x80 } ? generation?.clients[id] : nil
    }

    /// The key of a client's record; nil if the configuration declares the client or the id is malformed.
    func key(of id: String) -> StoreKey? {
        guard let generation, generation.clientDocuments[id] == nil, (1...256).contains(id.utf8.count),
            id.utf8.allSatisfy({ 0x20...0x7E ~= $0 })
        else { return nil }
        return StoredClient.key(id)
    }

    /// The client in a record; nil if it is inactive.
    func registered(_ record: StoreRecord) async throws -> RegisteredClient? {
        guard let generation else { return nil }
        let stored = try StoredClient(record)
        guard stored.isActive else { return nil }
        let parsed: RegisteredClient?
        if let known = generation.parsed.known(stored) {
            parsed = known.client
        } else {
            parsed = try await parse(stored, generation)
        }
        guard let parsed else {
            throw OAuthError(
                .unauthorizedClient, "the client's registration is not valid with the plugins of this server",
                reason: "the client '\(stored.id)' in the store is not valid; an earlier log line says why")
        }
        return parsed
    }

    /// Reads a client that the generation does not know yet; nil if it is not valid.
    private func parse(_ stored: StoredClient, _ generation: Generation) async throws -> RegisteredClient? {
        guard generation.capabilities.attributeChecks.isEmpty else {
            return try await generation.parsed.shared(stored) { try await read(stored, generation) }
        }
        let client = try await read(stored, generation)
        generation.parsed.keep(client, of: stored)
        return client
    }

    private func read(_ stored: StoredClient, _ generation: Generation) async throws -> RegisteredClient? {
        let (client, problems) = try await generation.read(stored, core.secrets, core.cryptography)
        if client == nil {
            core.logger.error(
                "a client in the store is not valid with the loaded plugins",
                metadata: ["client": "\(stored.id)", "problems": "\(problems.map(\.line).joined(separator: "; "))"])
        }
        return client
    }

    /// Whether a grant to a client still holds: the client has not been deactivated, removed or created again since.
    ///
    /// - Throws: `StoreError`.
    func isGood(_ authorization: Authorization, given record: StoreRecord?, isStored: Bool) throws -> Bool {
        guard isStored else { return authorization.clientEpoch == nil }
        guard let client = try record.map(StoredClient.init) else { return false }
        return client.isActive && client.epoch == authorization.clientEpoch
    }

    var documents: any DocumentDirectory { core.documents(StoredClient.self, generation) }
}
