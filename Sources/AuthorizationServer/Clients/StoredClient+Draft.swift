// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

extension StoredClient {
    package static func draft(
        _ document: JSON, sent: JSON, over former: StoredClient?, in directory: StoredClients
    ) async throws -> DocumentDraft<StoredClient> {
        let generation = directory.generation
        var reader = ClientDocument(
            document, at: [], capabilities: generation.capabilities,
            defaultFormat: generation.settings.defaultTokenFormat, secrets: directory.secrets,
            signatures: directory.cryptography)
        (reader.longest, reader.isStored) = (generation.longestOfStored, true)
        reader.attributeProblems = try await AttributeProblems(in: [document], generation.capabilities)
        let hasNoSecret =
            sent["secret"] == .null
            || (sent["secret"] == nil && (former?.secrets.isEmpty ?? reader.needsNoSecret))
        // The document does not contain a secret that the server generates or keeps.
        if hasNoSecret { reader.kept = [] } else if document["secret"] == nil { reader.kept = [ClientSecret.pending] }
        _ = reader.read()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        var draft = DocumentDraft(StoredClient(reader.withoutSecret), reader.problems)
        if let imported = document["secret"]?.strings {
            draft.document.secrets = try await directory.kept(imported)
        } else if let former, !hasNoSecret {
            draft.document.secrets = former.secrets
        } else if !hasNoSecret {
            let secret = directory.generatedSecret()
            draft.secret = secret.text
            draft.document.secrets = [secret.kept]
        }
        return draft
    }

    package static func declared(_ id: String, in generation: Generation) -> JSON? {
        // Ids are ASCII. Swift strings with different bytes can be equal.
        id.utf8.allSatisfy { $0 < 0x80 } ? generation.clientDocuments[id] : nil
    }

    package static func declared(in generation: Generation) -> [DirectoryEntry] {
        generation.clientDocuments.map { DirectoryEntry(id: $0.key, document: $0.value, version: nil) }
    }

    /// Refuses every search: clients can only be found by their id.
    package static func search(
        _ member: String, equals value: String, in directory: StoredClients
    ) async throws -> [DirectoryEntry] {
        throw DocumentRefusal(.invalid, "clients cannot be searched by '\(member)'")
    }
}

extension StoredClients {
    /// The slow hashes of imported secrets, which are what the store keeps.
    fileprivate func kept(_ imported: [String]) async throws -> [StoredClient.KeptSecret] {
        guard !imported.contains(where: { passwords.form(of: $0) == .unusable }) else {
            throw DocumentRefusal(
                .invalid, at: "/secret",
                "a secret looks like a slow hash, but cannot be verified: use Argon2id, $s0$ scrypt, "
                    + "bcrypt or PBKDF2 of bounded cost")
        }
        var kept: [StoredClient.KeptSecret] = []
        for secret in imported {
            let isHash = secrets.slowHash(secret) != nil
            kept.append(.init(hash: isHash ? secret : try await passwords.hash(Secret(secret))))
        }
        return kept
    }
}

extension ClientSecret {
    /// A placeholder for a secret that no request can have yet.
    fileprivate static let pending = ClientSecret(form: .generated(Secret("")))
}
