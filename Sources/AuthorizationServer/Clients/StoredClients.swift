// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Makes and changes the clients that the store keeps, and shows those that the configuration declares.
public struct StoredClients: DocumentDirectory {
    let store: any Store
    let generation: Generation
    let cryptography: any CryptographyService
    let secrets: any SecretVerifier
    let passwords: any PasswordHashing
    let random: @Sendable (Int) -> String

    /// Works on a store.
    ///
    /// - Parameters:
    ///   - store: The store, prepared for the core's collections.
    ///   - generation: What the configuration declares, which is not changed here.
    ///   - cryptography: Makes digests.
    ///   - secrets: Checks secrets that were brought along.
    ///   - passwords: Hashes secrets that were brought along readable.
    ///   - random: Makes as many random bytes as it is told, as base64url.
    public init(
        store: any Store, generation: Generation, cryptography: any CryptographyService, secrets: any SecretVerifier,
        passwords: any PasswordHashing, random: @escaping @Sendable (Int) -> String
    ) {
        self.store = store
        self.generation = generation
        self.cryptography = cryptography
        self.secrets = secrets
        self.passwords = passwords
        self.random = random
    }

    // MARK: reading

    /// The document of an identifier, nil if there is none.
    public func entry(_ id: String) async throws -> DirectoryEntry? {
        if id.utf8.allSatisfy({ $0 < 0x80 }), let declared = generation.clientDocuments[id] {
            return DirectoryEntry(id: id, document: declared, version: nil)
        }
        return try await stored(id)?.entry
    }

    func stored(_ id: String) async throws -> StoredClient? {
        // Swift would take other bytes that look alike for the same text.
        guard id.utf8.allSatisfy({ 0x20...0x7E ~= $0 }), let record = try await store.read(StoredClient.key(id)),
            !StoredDocuments.isRemoved(record)
        else { return nil }
        return try StoredClient(record)
    }

    /// A page of all documents, in the order of the bytes of their identifiers.
    public func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        let records = try await StoredDocuments.records(
            store, StoredClient.collection, kind: StoredClient.kind, after: id, limit: limit)
        return StoredDocuments.page(
            declared: generation.clientDocuments.map { ($0.key, $0.value) },
            stored: try records.map { try StoredClient($0).entry }, after: id, limit: limit)
    }

    /// Clients are found by their identifier alone.
    public func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        throw DocumentRefusal(.invalid, "clients cannot be searched by '\(member)'")
    }

    // MARK: making

    /// Makes a client; without an `id` it gets a random one, without a `secret` the server makes one.
    public func create(_ document: JSON) async throws -> DirectoryChange {
        let id = document["id"] == nil ? random(16) : document["id"]?.string
        return try await create(id ?? "", document, isForced: id != nil)
    }

    private func create(_ id: String, _ document: JSON, isForced: Bool) async throws -> DirectoryChange {
        var next = try await prepare(document, id: isForced ? id : nil, former: nil)
        try checkDeclared(id)
        for _ in 0..<StoredDocuments.retries {
            let writes: [StoreWrite] = [.create(next.client.updated), .absent(StoredUser.key(id))]
            let origins = next.client.origins.map { StoreWrite.create(next.client.originRecord($0, cryptography)) }
            guard case .conflict(let place, let found) = try await store.write(writes + origins) else {
                next.client.record = next.client.record.stored(version: 1, isRedeemed: false)
                return DirectoryChange(
                    next.client.entry, isNew: true, secret: next.generated, warnings: next.warnings)
            }
            guard place == 0, let found, StoredDocuments.isRemoved(found) else { throw taken(id, byUser: place == 1) }
            try await finishRemoval(found)
        }
        throw taken(id, byUser: false)
    }

    private func taken(_ id: String, byUser: Bool) -> DocumentRefusal {
        guard byUser else { return DocumentRefusal(.taken, at: "/id", "there is a client '\(id)' already") }
        return DocumentRefusal(
            .taken, at: "/id",
            "'\(id)' is the id of a user: a token's 'sub' must not stand for both (RFC 9700 section 4.15)")
    }

    func checkDeclared(_ id: String) throws {
        if generation.clientDocuments[id] != nil {
            throw DocumentRefusal(
                .declared, at: "/id",
                "the configuration declares the client '\(id)'; change it there, then reload the server")
        }
        if generation.users[id] != nil { throw taken(id, byUser: true) }
    }

    // MARK: changing

    /// Replaces a client's document, or makes it where the condition lets it.
    public func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange {
        try checkDeclared(id)
        for _ in 0..<StoredDocuments.retries {
            let former = try await stored(id)
            try condition.check(former?.version)
            guard let former else {
                do {
                    return try await create(id, document, isForced: true)
                } catch let refusal as DocumentRefusal where refusal.kind == .taken && condition == .any {
                    if try await stored(id) == nil { throw refusal }
                    continue
                }
            }
            let next = try await prepare(document, id: id, former: former)
            if let written = try await write(next.client, over: former) {
                return DirectoryChange(written.entry, isNew: false, warnings: next.warnings)
            }
            if condition.isAboutOneState { break }
        }
        throw DocumentRefusal(.changed, "the client '\(id)' was being changed by others")
    }

    /// Writes a client over the state that was read, with what is known of its origins.
    ///
    /// - Returns: The client as it stands in the store, nil if another one was faster.
    func write(_ client: StoredClient, over former: StoredClient) async throws -> StoredClient? {
        var next = client
        next.epoch = former.epoch
        if former.isActive, !next.isActive { next.beginEpoch() }
        let origins = try await originWrites(next, over: former)
        let version = former.record.version
        next.record = former.record
        guard try await store.write([.replace(next.updated, ifVersion: version)] + origins) == .committed else {
            return nil
        }
        next.record = next.updated.stored(version: version + 1, isRedeemed: false)
        return next
    }

    /// What makes the rows of origins those of the client; anyone else who changes them changes the client's version.
    private func originWrites(_ client: StoredClient, over former: StoredClient) async throws -> [StoreWrite] {
        let records = client.origins.map { client.originRecord($0, cryptography) }
        let keys = former.originKeys(cryptography).union(records.map(\.key))
        guard !keys.isEmpty else { return [] }
        let known = Set(try await store.read(Array(keys)).compactMap { $0?.key })
        let gone = known.subtracting(records.map(\.key))
        return records.filter { !known.contains($0.key) }.map { .create($0) } + gone.map { .delete($0) }
    }

    /// Removes a client, which ends what was granted to it.
    public func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        try checkDeclared(id)
        for _ in 0..<StoredDocuments.retries {
            guard let client = try await stored(id) else {
                try condition.check(nil)
                throw DocumentRefusal(.unknown, "there is no client '\(id)' in the store")
            }
            try condition.check(client.version)
            if try await StoredDocuments.remove(
                client.record, ended: ended(client), beside: beside(client), in: store)
            {
                return client.entry
            }
            if condition.isAboutOneState { break }
        }
        throw DocumentRefusal(.changed, "the client '\(id)' was being changed by others")
    }

    private func ended(_ client: StoredClient) -> JSON {
        var ended = client
        ended.document["active"] = false
        ended.beginEpoch()
        return ended.updated.value
    }

    private func beside(_ client: StoredClient) -> [StoreKey] { Array(client.originKeys(cryptography)) }

    /// Goes on where a removal was interrupted.
    private func finishRemoval(_ record: StoreRecord) async throws {
        let client = try StoredClient(record)
        _ = try await store.write(([record.key] + beside(client)).map { .delete($0) })
    }

    // MARK: checking

    private struct Prepared {
        var client: StoredClient
        var generated: Secret?
        var warnings: [DocumentProblem]
    }

    private func prepare(_ sent: JSON, id: String?, former: StoredClient?) async throws -> Prepared {
        let document = try StoredDocuments.normal(sent, id: id, type: "Client")
        var reader = ClientDocument(
            document, at: [], capabilities: generation.capabilities,
            defaultFormat: generation.settings.defaultTokenFormat, secrets: secrets)
        reader.longest = generation.longestOfStored
        let isPublic = sent["secret"] == .null || (sent["secret"] == nil && former?.secrets.isEmpty ?? false)
        // One that is made or kept is none of the document's.
        if isPublic { reader.kept = [] } else if document["secret"] == nil { reader.kept = [ClientSecret.pending] }
        _ = reader.read()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        var prepared = Prepared(
            client: StoredClient(
                document["id"]?.string ?? "", reader.withoutSecret, secrets: [],
                epoch: UserEpoch.number(cryptography.digest(random(32)))),
            warnings: reader.problems.map(DocumentProblem.init))
        if let member = document["secret"] {
            if member.strings.contains(where: { passwords.form(of: $0) == .unusable }) {
                throw DocumentRefusal(
                    .invalid, at: "/secret",
                    "a secret looks like a slow hash but is none that can be verified: known are Argon2id, $s0$ scrypt, "
                        + "bcrypt and PBKDF2, of bounded cost")
            }
            for text in member.strings { prepared.client.secrets.append(.init(hash: try await hashed(text))) }
        } else if let former, !isPublic {
            prepared.client.secrets = former.secrets
        } else if !isPublic {
            let secret = generateSecret()
            prepared.generated = secret.text
            prepared.client.secrets = [secret.kept]
        }
        return prepared
    }

    /// 256 random bits, so that a fast digest is enough to keep them by.
    func generateSecret() -> (text: Secret, kept: StoredClient.KeptSecret) {
        let text = random(32)
        return (Secret(text), .init(digest: cryptography.digest(text)))
    }

    private func hashed(_ text: String) async throws -> String {
        if secrets.slowHash(text) != nil { return text }
        return try await passwords.hash(Secret(text), from: nil)
    }
}

extension ClientSecret {
    /// Stands for a secret that nobody has to compare yet.
    fileprivate static let pending = ClientSecret(form: .generated(Secret("")))
}
