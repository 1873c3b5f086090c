// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The users in the configuration, by id and by login name.
struct DeclaredUsers: Sendable {
    let all: [String: DeclaredUser]
    private let logins: [String: String]
    private let identities: [String: String]

    /// Creates the users from checked documents.
    init(
        _ documents: [JSON], issuer: String, _ passwords: any PasswordHashing, _ cryptography: any CryptographyService
    ) {
        var (all, logins): ([String: DeclaredUser], [String: String]) = ([:], [:])
        var identities: [String: String] = [:]
        for document in documents {
            guard let id = document["id"]?.string else { continue }
            var shown = document
            shown["password"] = nil
            var password = DeclaredUser.Password.none
            let isActive = document["inactive"] != true
            if let text = document["password"]?.string {
                password =
                    passwords.form(of: text) == .plain
                    ? .plain(
                        PlainPassword(Secret(OpaqueString.normal(text) ?? text), id: id, issuer: issuer, cryptography))
                    : .hash(text)
            }
            all[id] = DeclaredUser(
                id: id, isActive: isActive, document: shown, password: password)
            for name in LoginName.names(in: document) { logins[cryptography.digest(name.folded)] = id }
            for identity in UserIdentity.all(in: document) { identities[identity.digest(cryptography)] = id }
        }
        (self.all, self.logins, self.identities) = (all, logins, identities)
    }

    /// The user with an id, compared byte for byte.
    subscript(id: String) -> DeclaredUser? {
        id.utf8.allSatisfy { $0 < 0x80 } ? all[id] : nil
    }

    /// The user with a login name.
    func owner(ofLogin digest: String) -> DeclaredUser? {
        logins[digest].flatMap { all[$0] }
    }

    /// The user with an identity at another server.
    func owner(ofIdentity digest: String) -> DeclaredUser? {
        identities[digest].flatMap { all[$0] }
    }
}
