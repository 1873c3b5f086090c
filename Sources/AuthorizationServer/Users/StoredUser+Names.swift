// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// The records that keep two users from having the same login name or the same identity at another server.
extension StoredUser {
    package func checkNames(in directory: StoredUsers) throws {
        for name in LoginName.names(in: document) {
            let digest = directory.cryptography.digest(name.folded)
            guard let owner = directory.generation.users.owner(ofLogin: digest) else { continue }
            throw DocumentRefusal(
                owner.id == id ? .declared : .taken, at: "/\(name.member)",
                "the configuration declares the user '\(owner.id)', who signs in with '\(name.folded)'; choose another "
                    + name.member)
        }
        for identity in UserIdentity.all(in: document) {
            let digest = identity.digest(directory.cryptography)
            guard let owner = directory.generation.users.owner(ofIdentity: digest) else { continue }
            throw DocumentRefusal(
                owner.id == id ? .declared : .taken, at: "/identities",
                "the configuration declares the user '\(owner.id)', who has one of the identities")
        }
    }

    /// Claims the names of a user; names that earlier versions stored in another form must be free too.
    package func rowWrites(over former: StoredUser?, in directory: StoredUsers) async throws -> [StoreWrite] {
        let (names, before) = (LoginName.names(in: document), LoginName.names(in: former?.document ?? [:]))
        let (added, gone) = (names.without(before), before.without(names))
        let row = LoginRow(user: id)
        let claims = added.map { StoreWrite.create(row.record(at: $0.key(directory.cryptography))) }
        return claims + added.compactMap { $0.formerKey(directory.cryptography) }.map(StoreWrite.absent)
            + (try await owned(gone, directory)).map(StoreWrite.delete)
            + (try await identityWrites(over: former, in: directory))
    }

    /// Claims the identities of a user at other servers.
    private func identityWrites(over former: StoredUser?, in directory: StoredUsers) async throws -> [StoreWrite] {
        let (all, before) = (UserIdentity.all(in: document), UserIdentity.all(in: former?.document ?? [:]))
        let row = LoginRow(user: id)
        let claims = all.filter { !before.contains($0) }
            .map { StoreWrite.create(row.record(at: $0.key(directory.cryptography))) }
        let gone = before.filter { !all.contains($0) }.map { $0.key(directory.cryptography) }
        return claims + (try await owned(gone, directory)).map(StoreWrite.delete)
    }

    package func rowKeys(in directory: StoredUsers) async throws -> [StoreKey] {
        let identities = UserIdentity.all(in: document).map { $0.key(directory.cryptography) }
        return try await owned(LoginName.names(in: document), directory) + owned(identities, directory)
    }

    /// The records of names that belong to this user; the former spelling of a name may belong to another user.
    private func owned(_ names: [LoginName.Entry], _ directory: StoredUsers) async throws -> [StoreKey] {
        try await owned(names.flatMap { $0.keys(directory.cryptography) }, directory)
    }

    private func owned(_ keys: [StoreKey], _ directory: StoredUsers) async throws -> [StoreKey] {
        guard !keys.isEmpty else { return [] }
        return zip(keys, try await directory.store.read(keys)).filter { LoginRow($0.1)?.user == id }.map(\.0)
    }

    package func refusal(
        at key: StoreKey, found: StoreRecord?, in directory: StoredUsers
    ) -> DocumentRefusal? {
        if key.collection == UserIdentity.collection.name {
            return DocumentRefusal(
                .taken, at: "/identities",
                "the user '\(LoginRow(found)?.user ?? "?")' already has one of the identities; remove it there first")
        }
        let names = LoginName.names(in: document)
        let name = names.first { $0.keys(directory.cryptography).contains(key) } ?? names.first
        let owner = key == StoredUser.key(id) ? id : LoginRow(found)?.user ?? "?"
        let member = name?.member ?? "id"
        return DocumentRefusal(
            .taken, at: "/\(member)",
            "the user '\(owner)' already signs in with '\(name?.folded ?? owner)'; choose another \(member)")
    }

    /// Finds users by `email` or `userName`, compared as at sign-in.
    package static func search(
        _ member: String, equals value: String, in directory: StoredUsers
    ) async throws -> [DirectoryEntry] {
        guard let index = ["email": "email", "userName": "user_name"][member] else {
            throw DocumentRefusal(.invalid, "users cannot be searched by '\(member)'")
        }
        let name = LoginName.folded(value)
        if let owner = directory.generation.users.owner(ofLogin: directory.cryptography.digest(name)) {
            let isMeant = owner.document[member]?.string.map { LoginName.folded($0) == name }
            return isMeant == true ? [DirectoryEntry(id: owner.id, document: owner.document, version: nil)] : []
        }
        let store = directory.store
        var records = try await store.find("user", by: index, equals: name, after: nil, limit: 100)
        let former = LoginName.lowercasedASCII(value)
        if former != name {
            records += try await store.find("user", by: index, equals: former, after: nil, limit: 100)
        }
        return try records.filter { !$0.isBeingRemoved }.map { try StoredUser($0).entry }
    }
}

extension [LoginName.Entry] {
    /// The entries that are not among others.
    fileprivate func without(_ others: [LoginName.Entry]) -> [LoginName.Entry] {
        filter { entry in !others.contains { $0.folded == entry.folded } }
    }
}
