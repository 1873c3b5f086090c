// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension Identifiers {
    /// A name in the configuration, with the record that the store must not hold at the same time.
    private struct DeclaredName {
        let key: StoreKey
        let problem: ConfigurationProblem
    }

    /// Clients and users in the configuration whose identifier or name a document in the store already has.
    ///
    /// - Parameters:
    ///   - settings: The settings from the configuration.
    ///   - store: The store.
    ///   - cryptography: Derives the keys under which names are stored.
    /// - Returns: One problem for each conflict.
    /// - Throws: `StoreError`.
    package static func conflicts(
        with settings: ServerSettings, in store: any Store, _ cryptography: any CryptographyService
    ) async throws -> [ConfigurationProblem] {
        let clients = identifiers(settings.clients, in: "clients")
        let users = identifiers(settings.users, in: "users")
        let names =
            clients.map { declared($0.id, $0.path, StoredUser.key($0.id), "already names a user", "users") }
            + logins(settings.users, cryptography) + identities(settings.users, cryptography)
            + (clients + users).map { id, path in
                declared(id, path, StoredClient.key(id), "already names a client", "clients")
            }
        var problems: [ConfigurationProblem] = []
        for start in stride(from: 0, to: names.count, by: 100) {
            let part = Array(names[start..<min(start + 100, names.count)])
            let found = try await store.read(part.map(\.key))
            problems += zip(part, found).filter { $1?.isBeingRemoved == false }.map(\.0.problem)
        }
        return problems
    }

    private static func declared(
        _ name: String, _ path: [ConfigurationProblem.Step], _ key: StoreKey, _ what: String, _ command: String
    ) -> DeclaredName {
        let problem = ConfigurationProblem(
            at: path, "'\(name)' \(what) in the store",
            note: .text("choose another; 'grantor \(command) list' shows the \(command)"))
        return DeclaredName(key: key, problem: problem)
    }

    private static func identifiers(
        _ documents: [JSON], in list: String
    ) -> [(id: String, path: [ConfigurationProblem.Step])] {
        documents.enumerated().compactMap { number, document in
            document["id"]?.string.map { ($0, [.key(list), .element(number), .key("id")]) }
        }
    }

    private static func identities(_ users: [JSON], _ cryptography: any CryptographyService) -> [DeclaredName] {
        users.enumerated().flatMap { number, user in
            UserIdentity.all(in: user).map { identity in
                declared(
                    identity.subject, [.key("users"), .element(number), .key(UserIdentity.member)],
                    identity.key(cryptography), "already is an identity of a user", "users")
            }
        }
    }

    private static func logins(_ users: [JSON], _ cryptography: any CryptographyService) -> [DeclaredName] {
        users.enumerated().flatMap { number, user in
            LoginName.names(in: user).flatMap { name in
                name.keys(cryptography).map { key in
                    declared(
                        name.folded, [.key("users"), .element(number), .key(name.member)], key, "already names a user",
                        "users")
                }
            }
        }
    }
}
