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

    private struct Entry {
        let version: String
        let client: RegisteredClient?
    }

    private struct State {
        var young: [String: Entry] = [:]
        var old: [String: Entry] = [:]
    }

    private let state = Mutex(State())

    /// The client in a document; nil if it is not valid.
    func client(
        _ stored: StoredClient, _ read: () async throws -> RegisteredClient?
    ) async rethrows -> RegisteredClient? {
        let (id, version) = (stored.id, stored.version)
        let known = state.withLock { state in state.young[id] ?? state.old[id] }
        if let known, known.version == version { return known.client }
        let entry = Entry(version: version, client: try await read())
        state.withLock { state in
            if state.young.count >= ParsedClients.half { (state.old, state.young) = (state.young, [:]) }
            state.young[id] = entry
        }
        return entry.client
    }
}
