// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// The records that keep two users from having the same login name.
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
    }

    /// Claims the names of a user; names that earlier versions stored in another form must be free too.
    package func rowWrites(over former: StoredUser?, in directory: StoredUsers) async throws -> [StoreWrite] {
        let (names, before) = (LoginName.names(in: document), LoginName.names(in: former?.document ?? [:]))
        let (added, gone) = (names.without(before), before.without(names))
        let row = LoginRow(user: id)
        let claims = added.map { StoreWrite.create(row.record(at: $0.key(directory.cryptography))) }
        return claims + added.compactMap { $0.formerKey(directory.cryptography) }.map(StoreWrite.absent)
            + (try await owned(gone, directory)).map(StoreWrite.delete)
    }

    package func rowKeys(in directory: StoredUsers) async throws -> [StoreKey] {
        try await owned(LoginName.names(in: document), directory)
    }

    /// The records of names that belong to this user; the former spelling of a name may belong to another user.
    private func owned(_ names: [LoginName.Entry], _ directory: StoredUsers) async throws -> [StoreKey] {
        let keys = names.flatMap { $0.keys(directory.cryptography) }
        guard !keys.isEmpty else { return [] }
        return zip(keys, try await directory.store.read(keys)).filter { LoginRow($0.1)?.user == id }.map(\.0)
    }

    package func refusal(
        at key: StoreKey, found: StoreRecord?, in directory: StoredUsers
    ) -> DocumentRefusal? {
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
