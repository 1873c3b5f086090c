// SPDX-License-Identifier: Apache-2.0

public import GrantKit

extension StoredUsers: DocumentDirectory {
    // MARK: reading

    /// The document of an identifier, nil if there is none.
    public func entry(_ id: String) async throws -> DirectoryEntry? {
        if let declared = generation.users[id] {
            return DirectoryEntry(id: id, document: declared.document, version: nil)
        }
        return try await stored(id)?.entry
    }

    private func stored(_ id: String) async throws -> StoredUser? {
        // Swift would take other bytes that look alike for the same text.
        guard id.utf8.allSatisfy({ 0x20...0x7E ~= $0 }), let record = try await store.read(StoredUser.key(id)),
            !StoredDocuments.isRemoved(record)
        else { return nil }
        return try StoredUser(record)
    }

    /// A page of all documents, in the order of the bytes of their identifiers.
    public func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        let records = try await StoredDocuments.records(
            store, StoredUser.collection, kind: StoredUser.kind, after: id, limit: limit)
        return StoredDocuments.page(
            declared: generation.users.all.map { ($0.key, $0.value.document) },
            stored: try records.map { try StoredUser($0).entry }, after: id, limit: limit)
    }

    /// Users are found by `email` and `userName`, in the forms that sign them in.
    public func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        guard let index = ["email": "email", "userName": "user_name"][member] else {
            throw DocumentRefusal(.invalid, "users cannot be searched by '\(member)'")
        }
        let name = LoginName.folded(value)
        if let owner = generation.users.owner(ofLogin: cryptography.digest(name)) {
            let isMeant = owner.document[member]?.string.map { LoginName.isSame(LoginName.folded($0), name) }
            return isMeant == true ? [DirectoryEntry(id: owner.id, document: owner.document, version: nil)] : []
        }
        var records = try await store.find("user", by: index, equals: name, after: nil, limit: 100)
        let former = LoginName.lowercasedASCII(value)
        if !LoginName.isSame(former, name) {
            records += try await store.find("user", by: index, equals: former, after: nil, limit: 100)
        }
        return try records.filter { !StoredDocuments.isRemoved($0) }.map { try StoredUser($0).entry }
    }

    // MARK: making

    /// Makes a user; of several that claim one name at once, one is made.
    public func create(_ document: JSON) async throws -> DirectoryChange {
        let id = document["id"] == nil ? random(16) : document["id"]?.string
        let next = try await prepare(document, id: id, former: nil)
        return try await create(next.user, next.warnings)
    }

    private func create(_ user: StoredUser, _ warnings: [DocumentProblem]) async throws -> DirectoryChange {
        try checkDeclared(user.document, user.id)
        let names = LoginName.names(in: user.document)
        for _ in 0..<StoredDocuments.retries {
            let writes: [StoreWrite] = [.create(user.updated), .absent(StoredClient.key(user.id))]
            guard case .conflict(let place, let found) = try await store.write(writes + claiming(names, user.id)) else {
                var made = user
                made.record = user.updated.stored(version: 1, isRedeemed: false)
                return DirectoryChange(made.entry, isNew: true, warnings: warnings)
            }
            if place == 0, let found, StoredDocuments.isRemoved(found) {
                try await finishRemoval(found)
                continue
            }
            if place == 1 { throw StoredUsers.isClient(user.id) }
            let name = place == 0 ? names.first : claimed(names, at: place - 2)
            throw taken(name, by: place == 0 ? user.id : found?.value["user"]?.string ?? "?")
        }
        throw taken(names.first, by: user.id)
    }

    /// What makes a user the owner of names; names that earlier versions keep in another form must not be there either.
    private func claiming(_ names: [LoginName.Entry], _ id: String) -> [StoreWrite] {
        let value: JSON = ["v": 1, "user": .string(id)]
        let claims = names.map { name in
            StoreWrite.create(StoreRecord(name.key(cryptography), value, expiresAt: StoredUser.never))
        }
        return claims + names.compactMap { $0.formerKey(cryptography) }.map(StoreWrite.absent)
    }

    /// Which name one of those writes is about.
    private func claimed(_ names: [LoginName.Entry], at place: Int) -> LoginName.Entry? {
        let all = names + names.filter { $0.former != nil }
        return all.indices.contains(place) ? all[place] : nil
    }

    private func taken(_ name: LoginName.Entry?, by owner: String) -> DocumentRefusal {
        let member = name?.member ?? "id"
        return DocumentRefusal(
            .taken, at: "/\(member)",
            "there is a user '\(owner)' already who signs in with '\(name?.folded ?? owner)'; choose another \(member)")
    }

    private static func isClient(_ id: String) -> DocumentRefusal {
        DocumentRefusal(
            .taken, at: "/id",
            "'\(id)' is the id of a client: a token's 'sub' must not stand for both (RFC 9700 section 4.15)")
    }

    private func checkDeclared(_ document: JSON, _ id: String) throws {
        guard generation.clientDocuments[id] == nil else { throw StoredUsers.isClient(id) }
        for name in LoginName.names(in: document) {
            guard let owner = generation.users.owner(ofLogin: cryptography.digest(name.folded)) else { continue }
            throw DocumentRefusal(
                owner.id == id ? .declared : .taken, at: "/\(name.member)",
                "the configuration declares the user '\(owner.id)', who signs in with '\(name.folded)'; choose another "
                    + name.member)
        }
    }

    // MARK: changing

    /// Replaces a user's document, or makes it where the condition lets it.
    public func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange {
        try checkChangeable(id)
        for _ in 0..<StoredDocuments.retries {
            let former = try await stored(id)
            try condition.check(former?.version)
            let next = try await prepare(document, id: id, former: former)
            guard let former else {
                do {
                    return try await create(next.user, next.warnings)
                } catch let refusal as DocumentRefusal where refusal.kind == .taken && condition == .any {
                    if try await stored(id) == nil { throw refusal }
                    continue
                }
            }
            try checkDeclared(next.user.document, id)
            if let written = try await write(next.user, over: former) {
                return DirectoryChange(written.entry, isNew: false, warnings: next.warnings)
            }
            if condition.isAboutOneState { break }
        }
        throw DocumentRefusal(.changed, "the user '\(id)' was being changed by others")
    }

    private func checkChangeable(_ id: String) throws {
        guard generation.users[id] == nil else {
            throw DocumentRefusal(
                .declared, at: "/id",
                "the configuration declares the user '\(id)'; change it there, then reload the server")
        }
        guard generation.clientDocuments[id] == nil else { throw StoredUsers.isClient(id) }
    }

    /// Writes a user over the state that was read, with the names that are new and without those that are gone.
    private func write(_ user: StoredUser, over former: StoredUser) async throws -> StoredUser? {
        var next = user
        (next.record, next.epoch) = (former.record, former.epoch)
        if former.isActive && !next.isActive || next.password != former.password { next.beginEpoch() }
        let names = LoginName.names(in: next.document)
        let before = LoginName.names(in: former.document)
        func isNew(_ name: LoginName.Entry, beside others: [LoginName.Entry]) -> Bool {
            !others.contains { LoginName.isSame($0.folded, name.folded) }
        }
        let added = names.filter { isNew($0, beside: before) }
        let gone = try await owned(before.filter { isNew($0, beside: names) }, by: next.id)
        let version = former.record.version
        let writes =
            [StoreWrite.replace(next.updated, ifVersion: version)] + claiming(added, next.id)
            + gone.map { .delete($0) }
        guard case .conflict(let place, let found) = try await store.write(writes) else {
            next.record = next.updated.stored(version: version + 1, isRedeemed: false)
            return next
        }
        guard place > 0 else { return nil }
        throw taken(claimed(added, at: place - 1), by: found?.value["user"]?.string ?? "?")
    }

    /// Removes a user, which ends what was granted and every session.
    public func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        try checkChangeable(id)
        for _ in 0..<StoredDocuments.retries {
            guard let user = try await stored(id) else {
                try condition.check(nil)
                throw DocumentRefusal(.unknown, "there is no user '\(id)' in the store")
            }
            try condition.check(user.version)
            var ended = user
            ended.isActive = false
            ended.beginEpoch()
            let isDone = try await StoredDocuments.remove(
                user.record, ended: ended.updated.value, beside: try await claims(of: user), in: store)
            if isDone { return user.entry }
            if condition.isAboutOneState { break }
        }
        throw DocumentRefusal(.changed, "the user '\(id)' was being changed by others")
    }

    private func claims(of user: StoredUser) async throws -> [StoreKey] {
        try await owned(LoginName.names(in: user.document), by: user.id)
    }

    /// The claims on names that are this user's; the other form of a name may be somebody else's.
    private func owned(_ names: [LoginName.Entry], by id: String) async throws -> [StoreKey] {
        let keys = names.flatMap { $0.keys(cryptography) }
        guard !keys.isEmpty else { return [] }
        return zip(keys, try await store.read(keys)).filter { $0.1?.value["user"]?.string == id }.map(\.0)
    }

    /// Goes on where a removal was interrupted.
    private func finishRemoval(_ record: StoreRecord) async throws {
        _ = try await store.write(([record.key] + (try await claims(of: try StoredUser(record)))).map { .delete($0) })
    }

    // MARK: checking

    private func prepare(
        _ sent: JSON, id: String?, former: StoredUser?
    ) async throws -> (user: StoredUser, warnings: [DocumentProblem]) {
        let document = try StoredDocuments.normal(sent, id: id, type: "User")
        var reader = UserDocument(document, at: [], passwords: passwords)
        reader.claims = generation.capabilities.claims
        _ = reader.check()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        var password = sent["password"] == nil ? former?.password : nil
        if let text = document["password"]?.string { password = try await hashed(text) }
        let user = StoredUser(
            reader.withoutPassword, password: password, epoch: UserEpoch.number(cryptography.digest(random(32))))
        return (user, reader.problems.map(DocumentProblem.init))
    }
}
