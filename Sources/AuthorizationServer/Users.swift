// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Users that the configuration declares, by identifier and by what they sign in with.
struct DeclaredUsers: Sendable {
    struct Entry: Sendable {
        let user: User
        let password: Secret?
    }

    private var entries: [String: Entry] = [:]
    private var logins: [String: String] = [:]

    init(_ documents: [JSON], _ secrets: any SecretVerifier) {
        for document in documents {
            guard let id = document["id"]?.string else { continue }
            var shown = document
            shown["password"] = nil
            entries[id] = Entry(
                user: User(id: id, isActive: document["inactive"] != true, document: shown),
                password: (document["password"]?.string).map { secrets.keyedDigest(Secret($0)) })
            for name in ["id", "userName", "email"] {
                if let login = document[name]?.string { logins[login.lowercased()] = id }
            }
        }
    }

    subscript(id: String) -> Entry? { entries[id] }

    func signing(inAs login: String) -> Entry? {
        logins[login.lowercased()].flatMap { entries[$0] }
    }
}

/// Answers for the users of the generation that is served.
struct Users: UserDirectory {
    let core: ServerCore

    func find(_ id: String) async throws -> User? {
        core.generation?.users[id]?.user
    }

    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        let entry = core.generation?.users.signing(inAs: login)
        guard let entry, entry.password == core.secrets.keyedDigest(password), entry.user.isActive else {
            return .refused
        }
        return .verified(entry.user)
    }
}
