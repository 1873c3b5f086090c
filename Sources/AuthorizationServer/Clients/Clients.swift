// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Logging
import Synchronization

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

    var documents: any DocumentDirectory {
        guard let generation else { return NoDocuments() }
        return StoredClients(
            store: core.store, generation: generation, cryptography: core.cryptography, secrets: core.secrets,
            passwords: core.passwords, random: core.surroundings.random)
    }
}

extension Generation {
    /// The longest life of an access token of a client in the store: keys are published for no longer.
    var longestOfStored: Duration { min(longestLifetime, ClientDocument.longestLifetime) }

    /// Reads a client of the store by the rules of this generation.
    func read(
        _ stored: StoredClient, _ secrets: any SecretVerifier
    ) -> (client: RegisteredClient?, problems: [ConfigurationProblem]) {
        var reader = ClientDocument(
            stored.document, at: [], capabilities: capabilities, defaultFormat: settings.defaultTokenFormat,
            secrets: secrets)
        reader.longest = longestOfStored
        reader.kept = stored.secrets.compactMap { kept in
            if let digest = kept.digest { return ClientSecret(form: .generated(Secret(digest)), until: kept.until) }
            return kept.hash.flatMap(secrets.slowHash).map { ClientSecret(form: .slow($0), until: kept.until) }
        }
        if reader.kept?.count != stored.secrets.count {
            let problem = ConfigurationProblem(
                at: [.key("secret")], "a secret is kept by a hash that is not known here")
            return (nil, [problem])
        }
        reader.epoch = stored.epoch
        let client = reader.read()
        return (client, reader.problems.filter { $0.severity == .error })
    }
}

/// Clients of the store as one generation understands them, so that a document is not read again while it is the same.
///
/// The record itself is read for each request, so a change holds from the next one on, whichever server made it.
final class ParsedClients: Sendable {
    /// Those that were used lately stand in one of two halves; the older half is dropped when the younger one is full.
    private static let half = 512

    private struct Entry {
        let version: String
        let client: RegisteredClient?
    }

    private struct State {
        var young: [String: Entry] = [:]
        var old: [String: Entry] = [:]
    }

    private let state = Mutex(State())

    /// The client of a document, nil if it is not valid.
    func client(_ stored: StoredClient, _ read: () -> RegisteredClient?) -> RegisteredClient? {
        let (id, version) = (stored.id, stored.version)
        let known = state.withLock { state in state.young[id] ?? state.old[id] }
        if let known, known.version == version { return known.client }
        let entry = Entry(version: version, client: read())
        state.withLock { state in
            if state.young.count >= ParsedClients.half { (state.old, state.young) = (state.young, [:]) }
            state.young[id] = entry
        }
        return entry.client
    }
}

/// Stands in for a directory while nothing is served.
struct NoDocuments: DocumentDirectory {
    private var error: StoreError { StoreError("documents cannot be used before the server serves") }

    func entry(_ id: String) async throws -> DirectoryEntry? { throw error }
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] { throw error }
    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] { throw error }
    func create(_ document: JSON) async throws -> DirectoryChange { throw error }
    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { throw error }
    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry { throw error }
}
