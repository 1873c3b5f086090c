// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension StoredClient {
    package static func draft(
        _ document: JSON, sent: JSON, over former: StoredClient?, in directory: StoredClients
    ) async throws -> DocumentDraft<StoredClient> {
        let generation = directory.generation
        var reader = ClientDocument(
            document, at: [], capabilities: generation.capabilities,
            defaultFormat: generation.settings.defaultTokenFormat, secrets: directory.secrets)
        reader.longest = generation.longestOfStored
        let isPublic = sent["secret"] == .null || (sent["secret"] == nil && former?.secrets.isEmpty ?? false)
        // A secret that the server makes or keeps is not in the document.
        if isPublic { reader.kept = [] } else if document["secret"] == nil { reader.kept = [ClientSecret.pending] }
        _ = reader.read()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        var draft = DocumentDraft(StoredClient(reader.withoutSecret), reader.problems)
        if let imported = document["secret"]?.strings {
            draft.document.secrets = try await directory.kept(imported)
        } else if let former, !isPublic {
            draft.document.secrets = former.secrets
        } else if !isPublic {
            let secret = directory.generatedSecret()
            draft.secret = secret.text
            draft.document.secrets = [secret.kept]
        }
        return draft
    }

    package static func declared(_ id: String, in generation: Generation) -> JSON? {
        // An identifier is ASCII; Swift would take other bytes that look alike for the same string.
        id.utf8.allSatisfy { $0 < 0x80 } ? generation.clientDocuments[id] : nil
    }

    package static func declared(in generation: Generation) -> [DirectoryEntry] {
        generation.clientDocuments.map { DirectoryEntry(id: $0.key, document: $0.value, version: nil) }
    }

    /// Clients are found by their identifier alone.
    package static func search(
        _ member: String, equals value: String, in directory: StoredClients
    ) async throws -> [DirectoryEntry] {
        throw DocumentRefusal(.invalid, "clients cannot be searched by '\(member)'")
    }
}

extension StoredClients {
    /// What is kept of imported secrets: their slow hashes.
    fileprivate func kept(_ imported: [String]) async throws -> [StoredClient.KeptSecret] {
        guard !imported.contains(where: { passwords.form(of: $0) == .unusable }) else {
            throw DocumentRefusal(
                .invalid, at: "/secret",
                "a secret looks like a slow hash but is none that can be verified: known are Argon2id, $s0$ scrypt, "
                    + "bcrypt and PBKDF2, of bounded cost")
        }
        var kept: [StoredClient.KeptSecret] = []
        for secret in imported {
            let isHash = secrets.slowHash(secret) != nil
            kept.append(.init(hash: isHash ? secret : try await passwords.hash(Secret(secret), from: nil)))
        }
        return kept
    }
}

extension ClientSecret {
    /// Takes the place of a secret that nobody has to compare yet.
    fileprivate static let pending = ClientSecret(form: .generated(Secret("")))
}
