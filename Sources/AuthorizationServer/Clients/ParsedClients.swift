// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

extension Generation {
    /// The longest lifetime of access tokens for clients in the store: keys are published no longer than that.
    var longestOfStored: Duration { min(longestLifetime, ClientDocument.longestLifetime) }

    /// Reads a client in the store by the rules of this generation.
    ///
    /// - Throws: The error of a plugin that cannot check its attributes now.
    func read(
        _ stored: StoredClient, _ secrets: any SecretVerifier, _ signatures: any SignatureVerifier
    ) async throws -> (client: RegisteredClient?, problems: [ConfigurationProblem]) {
        var reader = ClientDocument(
            stored.document, at: [], capabilities: capabilities, defaultFormat: settings.defaultTokenFormat,
            secrets: secrets, signatures: signatures)
        (reader.longest, reader.isStored) = (longestOfStored, true)
        reader.kept = stored.secrets.compactMap { kept in
            if let digest = kept.digest { return ClientSecret(form: .generated(Secret(digest)), until: kept.until) }
            return kept.hash.flatMap(secrets.slowHash).map { ClientSecret(form: .slow($0), until: kept.until) }
        }
        if reader.kept?.count != stored.secrets.count {
            let problem = ConfigurationProblem(
                at: [.key("secret")], "the hash of a secret has an unknown form")
            return (nil, [problem])
        }
        reader.epoch = stored.epoch
        reader.attributeProblems = try await AttributeProblems(in: [stored.document], capabilities)
        let client = reader.read()
        return (client, reader.problems.filter { $0.severity == .error })
    }
}

/// Caches the clients in the store as one generation parses them, so that an unchanged document is parsed once.
///
/// Each request still reads the record, so a change applies from the next request on, whichever server made it.
final class ParsedClients: Sendable {
    /// The capacity of each half: recently used clients are in either, and the older half is dropped when the younger
    /// is full.
    private static let half = 512

    /// What reading one version of a document has found.
    struct Entry {
        fileprivate let version: String
        /// The client; nil if the document is not valid.
        let client: RegisteredClient?
    }

    /// One version of a document.
    private struct Version: Hashable {
        let id: String
        let version: String

        init(_ stored: StoredClient) {
            (id, version) = (stored.id, stored.version)
        }
    }

    private struct State {
        var young: [String: Entry] = [:]
        var old: [String: Entry] = [:]
        /// The readings that requests wait for.
        var readings: [Version: Task<RegisteredClient?, any Error>] = [:]
    }

    private let state = Mutex(State())

    /// What is known of a client; nil if this version of its document has not been read.
    func known(_ stored: StoredClient) -> Entry? {
        let (id, version) = (stored.id, stored.version)
        let entry = state.withLock { state in state.young[id] ?? state.old[id] }
        return entry?.version == version ? entry : nil
    }

    /// Remembers what reading a document has found.
    func keep(_ client: RegisteredClient?, of stored: StoredClient) {
        let (id, entry) = (stored.id, Entry(version: stored.version, client: client))
        state.withLock { state in
            if state.young.count >= ParsedClients.half { (state.old, state.young) = (state.young, [:]) }
            state.young[id] = entry
        }
    }

    // MARK: documents about which a plugin is asked

    /// Reads a document once for all requests that need it now, so that they make one call of the plugin.
    ///
    /// The reading is a task of its own: if the request that began it is cancelled, the others still get the client.
    /// An error reaches all of them, and the next request reads again.
    func shared(
        _ stored: StoredClient, _ read: @escaping @Sendable () async throws -> RegisteredClient?
    ) async throws -> RegisteredClient? {
        let version = Version(stored)
        let reading = state.withLock { state -> Task<RegisteredClient?, any Error> in
            if let reading = state.readings[version] { return reading }
            let reading = Task { try await self.result(of: read, version, stored) }
            state.readings[version] = reading
            return reading
        }
        return try await reading.value
    }

    private func result(
        of read: @Sendable () async throws -> RegisteredClient?, _ version: Version, _ stored: StoredClient
    ) async throws -> RegisteredClient? {
        defer { state.withLock { $0.readings[version] = nil } }
        // Another reading may have ended after the request looked here.
        if let known = known(stored) { return known.client }
        let client = try await read()
        keep(client, of: stored)
        return client
    }
}
