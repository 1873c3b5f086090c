// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// The clients in the store, together with those in the configuration.
package typealias StoredClients = StoredDocuments<StoredClient>

/// The users in the store, together with those in the configuration.
package typealias StoredUsers = StoredDocuments<StoredUser>

/// Creates and changes the documents of one kind in the store, and shows those in the configuration.
package struct StoredDocuments<Document: StoredDocument>: DocumentDirectory {
    let store: any Store
    let generation: Generation
    let cryptography: any ServerCryptography
    let secrets: any SecretVerifier
    let passwords: any PasswordHashing
    let random: @Sendable (Int) -> String
    let events: (any DocumentEvents)?

    /// Creates a directory over a store.
    ///
    /// - Parameters:
    ///   - store: The store, prepared for the collections of the core.
    ///   - generation: What the configuration declares; the directory does not change it.
    ///   - cryptography: Computes digests and parses keys.
    ///   - secrets: Checks the hashes of client secrets.
    ///   - passwords: Hashes passwords and secrets.
    ///   - random: Returns as many random bytes as it is asked for, in base64url.
    ///   - events: Records changes; nil if nothing needs their events.
    package init(
        store: any Store, generation: Generation, cryptography: any ServerCryptography, secrets: any SecretVerifier,
        passwords: any PasswordHashing, random: @escaping @Sendable (Int) -> String,
        events: (any DocumentEvents)? = nil
    ) {
        self.store = store
        self.generation = generation
        self.cryptography = cryptography
        self.secrets = secrets
        self.passwords = passwords
        self.random = random
        self.events = events
    }

    // MARK: reading

    package func entry(_ id: String) async throws -> DirectoryEntry? {
        if let declared = Document.declared(id, in: generation) {
            return DirectoryEntry(id: id, document: declared, version: nil)
        }
        return try await stored(id)?.entry
    }

    func stored(_ id: String) async throws -> Document? {
        // Swift strings are equal if they are canonically equivalent, even when their bytes differ; ids are ASCII.
        guard id.utf8.allSatisfy({ 0x20...0x7E ~= $0 }), let record = try await store.read(Document.key(id)),
            !record.isBeingRemoved
        else { return nil }
        return try Document(record)
    }

    package func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        let stored = try await records(after: id, limit: limit).map { try Document($0).entry }
        let declared = Document.declared(in: generation).filter { entry in id.map { precedes($0, entry.id) } ?? true }
        return Array((stored + declared).sorted { precedes($0.id, $1.id) }.prefix(limit))
    }

    private func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    /// A page of records, without those that are being removed.
    private func records(after id: String?, limit: Int) async throws -> [StoreRecord] {
        let name = Document.collection.name
        var found: [StoreRecord] = []
        var last = id.map { StoreKey(name, $0) }
        while found.count < limit {
            let page = try await store.find(
                name, by: "kind", equals: Document.noun, after: last, limit: limit - found.count)
            found += page.filter { !$0.isBeingRemoved }
            guard !page.isEmpty else { break }
            last = page.last?.key
        }
        return found
    }

    package func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        try await Document.search(member, equals: value, in: self)
    }

    // MARK: creating

    package func create(_ document: JSON) async throws -> DirectoryChange {
        let id = document["id"] == nil ? madeID : document["id"]?.string
        return try await create(try await draft(document, id: id, over: nil))
    }

    /// An identifier that a command line does not take for an option.
    private var madeID: String {
        String(decoding: random(16).utf8.drop { $0 == UInt8(ascii: "-") }, as: UTF8.self)
    }

    private func create(_ draft: DocumentDraft<Document>) async throws -> DirectoryChange {
        var made = draft.document
        try made.checkNames(in: self)
        try checkIdentifier(made.id)
        let writes =
            [.create(made.updated), .absent(Document.other.key(made.id))]
            + (try await made.rowWrites(over: nil, in: self))
        let promised = try await promise(made.id, ["created"], ["change": "created"])
        for _ in 0..<Document.retries {
            guard case .conflict(let place, let found) = try await promised.commit(writes, in: store) else {
                events?.record(promised)
                made.record = made.updated.stored(version: 1, isRedeemed: false)
                return DirectoryChange(made.entry, isNew: true, secret: draft.secret, warnings: draft.warnings)
            }
            if place == 1 { throw isOther(made.id) }
            guard place == 0, let found, found.isBeingRemoved else {
                throw refusal(of: made, writes, at: place, found: found) ?? isTaken(made.id)
            }
            try await finishRemoval(found)
        }
        throw isTaken(made.id)
    }

    private func refusal(
        of document: Document, _ writes: [StoreWrite], at place: Int, found: StoreRecord?
    ) -> DocumentRefusal? {
        guard writes.indices.contains(place), let key = writes[place].key else { return nil }
        return document.refusal(at: key, found: found, in: self)
    }

    // MARK: changing

    package func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange {
        try checkIdentifier(id)
        for _ in 0..<Document.retries {
            let former = try await stored(id)
            try condition.check(former?.version)
            let next = try await draft(document, id: id, over: former)
            if let former {
                if let change = try await write(next, over: former) { return change }
            } else if let change = try await create(next, if: condition) {
                return change
            }
            if condition.isAboutOneState { break }
        }
        throw isBeingChanged(id)
    }

    /// Creates a document; nil if another change created it first and the caller may now replace it.
    private func create(
        _ draft: DocumentDraft<Document>, if condition: DirectoryCondition
    ) async throws -> DirectoryChange? {
        do {
            return try await create(draft)
        } catch let refusal as DocumentRefusal where refusal.kind == .taken && condition == .any {
            if try await stored(draft.document.id) == nil { throw refusal }
            return nil
        }
    }

    private func write(_ draft: DocumentDraft<Document>, over former: Document) async throws -> DirectoryChange? {
        var next = draft.document
        next.epoch = former.epoch
        try next.checkNames(in: self)
        return try await write(next, over: former, ["change": "replaced"]).map {
            DirectoryChange($0.entry, isNew: false, warnings: draft.warnings)
        }
    }

    /// Writes a document over the state that was read, and ends all grants if the change requires it.
    ///
    /// - Parameters:
    ///   - document: The document.
    ///   - former: The state that was read.
    ///   - details: What the event about the change says.
    /// - Returns: The document as it is now in the store; nil if another change won.
    /// - Throws: `DocumentRefusal` if another document has one of the names; `StoreError`.
    private func write(
        _ document: Document, over former: Document, _ details: JSON
    ) async throws -> Document? {
        var next = document
        next.record = former.record
        if next.epoch == former.epoch, next.endsGrants(since: former) { next.beginEpoch() }
        let version = former.record.version
        let writes =
            [.replace(next.updated, ifVersion: version)] + (try await next.rowWrites(over: former, in: self))
        let promised = try await promise(next.id, next.effects(since: former), details)
        guard case .conflict(let place, let found) = try await promised.commit(writes, in: store) else {
            events?.record(promised)
            next.record = next.updated.stored(version: version + 1, isRedeemed: false)
            return next
        }
        if place > 0, let refusal = refusal(of: next, writes, at: place, found: found) { throw refusal }
        return nil
    }

    /// Asks outboxes what to commit together with a change.
    private func promise(_ id: String, _ effects: [String], _ details: JSON) async throws -> PromisedEvents {
        guard let events else { return .none }
        var details = details
        if !effects.isEmpty { details["effects"] = .strings(effects) }
        return try await events.promise(Document.event(about: id, details))
    }

    /// Changes part of a document.
    ///
    /// - Parameters:
    ///   - id: The document.
    ///   - details: What the event about the change says.
    ///   - body: Makes the change.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func change(_ id: String, as details: JSON, _ body: (inout Document) throws -> Void) async throws {
        try checkIdentifier(id)
        for _ in 0..<Document.retries {
            guard let former = try await stored(id) else { throw isUnknown(id) }
            var next = former
            try body(&next)
            if try await write(next, over: former, details) != nil { return }
        }
        throw isBeingChanged(id)
    }

    /// Deactivates a document, which ends all grants, or activates it again, which restores none of them.
    ///
    /// - Throws: `DocumentRefusal`, `StoreError`.
    package func set(active isActive: Bool, of id: String) async throws {
        try await change(id, as: ["change": isActive ? "enabled" : "disabled"]) { $0.isActive = isActive }
    }

    // MARK: removing

    package func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        try checkIdentifier(id)
        for _ in 0..<Document.retries {
            guard let document = try await stored(id) else {
                try condition.check(nil)
                throw isUnknown(id)
            }
            try condition.check(document.version)
            if try await remove(document) { return document.entry }
            if condition.isAboutOneState { break }
        }
        throw isBeingChanged(id)
    }

    /// Removes a document and its related records if the document is still in the state that was read.
    ///
    /// - Returns: Whether it was removed; false if another change won.
    private func remove(_ document: Document) async throws -> Bool {
        let rows = try await document.rowKeys(in: self)
        var ended = document
        ended.isActive = false
        ended.beginEpoch()
        let marked = document.record.markedAsRemoved(ended.updated.value)
        let promised = try await promise(document.id, ["removed"], ["change": "deleted"])
        let write = StoreWrite.replace(marked, ifVersion: document.record.version)
        guard try await promised.commit([write], in: store) == .committed else { return false }
        events?.record(promised)
        _ = try await store.write(([document.record.key] + rows).map { .delete($0) })
        return true
    }

    /// Completes a removal that stopped between its two writes.
    private func finishRemoval(_ record: StoreRecord) async throws {
        let rows = try await Document(record).rowKeys(in: self)
        _ = try await store.write(([record.key] + rows).map { .delete($0) })
    }

    // MARK: checking

    private func draft(_ sent: JSON, id: String?, over former: Document?) async throws -> DocumentDraft<Document> {
        let document = try normal(sent, id: id)
        let size = document.bytes.count
        guard size <= Limit.body else {
            throw DocumentRefusal(
                .invalid,
                "the document is \(size) bytes long as JSON, and the limit is \(Limit.body); remove members "
                    + "that you do not need")
        }
        var draft = try await Document.draft(document, sent: sent, over: former, in: self)
        draft.document.epoch = UserEpoch.number(cryptography.digest(random(32)))
        return draft
    }

    /// The document to store for one that was sent.
    ///
    /// - Throws: `DocumentRefusal` if it is not an object, or has another `resourceType` or id.
    private func normal(_ document: JSON, id: String?) throws -> JSON {
        guard case .object(let members) = document else {
            throw DocumentRefusal(.invalid, "the document must be a JSON object")
        }
        let type = Document.resourceType
        if let other = document["resourceType"], other != .string(type) {
            throw DocumentRefusal(.invalid, at: "/resourceType", "'resourceType' must be '\(type)' for this resource")
        }
        if let id, let other = document["id"], other != .string(id) {
            throw DocumentRefusal(.invalid, at: "/id", "'id' must be '\(id)', as in the path")
        }
        let kept = JSON.object(members.filter { $0.name != "resourceType" && $0.value != .null })
        guard let id, kept["id"] == nil else { return kept }
        return .object([.init("id", .string(id))] + kept.members)
    }

    private func checkIdentifier(_ id: String) throws {
        guard Document.declared(id, in: generation) == nil else {
            throw DocumentRefusal(
                .declared, at: "/id",
                "the configuration declares the \(Document.noun) '\(id)'; change it there, then reload the server")
        }
        guard Document.other.declared(id, in: generation) == nil else { throw isOther(id) }
    }

    private func isOther(_ id: String) -> DocumentRefusal {
        DocumentRefusal(
            .taken, at: "/id",
            "'\(id)' is the id of a \(Document.other.noun): a token's 'sub' must not mean both "
                + "(RFC 9700 section 4.15)")
    }

    private func isTaken(_ id: String) -> DocumentRefusal {
        DocumentRefusal(.taken, at: "/id", "a \(Document.noun) '\(id)' already exists")
    }

    private func isUnknown(_ id: String) -> DocumentRefusal {
        DocumentRefusal(.unknown, "there is no \(Document.noun) '\(id)' in the store")
    }

    private func isBeingChanged(_ id: String) -> DocumentRefusal {
        DocumentRefusal(.changed, "the \(Document.noun) '\(id)' was changed by others at the same time; try again")
    }
}
