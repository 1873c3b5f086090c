// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Finds names that two clients or users share (RFC 9700 section 4.15: a client must not pass for a user).
package enum Identifiers {
    /// The message about an identifier that no URL can contain.
    static let dots = "'id' must not be '.' or '..'"
    /// The note about it.
    static let dotsNote = ConfigurationProblem.Note.text(
        "URLs drop such a path segment (RFC 3986 section 5.2.4), so the API could not reach it; choose another id")

    /// Whether an identifier disappears when it is a segment of a URL's path.
    static func isDots(_ id: String) -> Bool { id == "." || id == ".." }

    static func problems(_ settings: ServerSettings) -> [ConfigurationProblem] {
        let clients = repeated(settings.clients, in: "clients", "client")
        let users = repeated(settings.users, in: "users", "user")
        let names = Set(settings.clients.compactMap { $0["id"]?.string })
        let shared = settings.users.enumerated().compactMap { number, user -> ConfigurationProblem? in
            guard let id = user["id"]?.string, names.contains(id) else { return nil }
            return ConfigurationProblem(
                at: [.key("users"), .element(number), .key("id")], "'\(id)' is the id of both a client and a user",
                note: .text("rename one of them: a token's 'sub' must not mean both (RFC 9700 section 4.15)"))
        }
        return clients + users + shared + sharedLogins(settings.users) + sharedIdentities(settings.users)
    }

    private static func repeated(_ documents: [JSON], in list: String, _ kind: String) -> [ConfigurationProblem] {
        var seen: Set<String> = []
        return documents.enumerated().compactMap { number, document in
            guard let id = document["id"]?.string, !seen.insert(id).inserted else { return nil }
            return ConfigurationProblem(
                at: [.key(list), .element(number), .key("id")], "the \(kind) '\(id)' is declared twice",
                note: .text("remove one of the two"))
        }
    }

    /// A token of another server is about one user.
    private static func sharedIdentities(_ users: [JSON]) -> [ConfigurationProblem] {
        var owners: [(identity: UserIdentity, id: String)] = []
        var problems: [ConfigurationProblem] = []
        for (number, user) in users.enumerated() {
            let id = user["id"]?.string ?? ""
            for identity in UserIdentity.all(in: user) {
                let owner = owners.first { $0.identity == identity }?.id ?? id
                owners.append((identity, id))
                guard owner != id else { continue }
                problems.append(
                    ConfigurationProblem(
                        at: [.key("users"), .element(number), .key(UserIdentity.member)],
                        "the users '\(owner)' and '\(id)' have the same identity at '\(identity.issuer)'",
                        note: .text("a token of that issuer can be about only one user; remove it from the other")))
            }
        }
        return problems
    }

    /// An id, a user name and an email address all work at sign-in, so they share one namespace.
    private static func sharedLogins(_ users: [JSON]) -> [ConfigurationProblem] {
        var owners: [[UInt8]: String] = [:]
        var problems: [ConfigurationProblem] = []
        for (number, user) in users.enumerated() {
            let id = user["id"]?.string ?? ""
            for name in LoginName.names(in: user) {
                guard let owner = owners.updateValue(id, forKey: Array(name.folded.utf8)), owner != id else { continue }
                problems.append(
                    ConfigurationProblem(
                        at: [.key("users"), .element(number), .key(name.member)],
                        "'\(user[name.member]?.string ?? "")' would sign in two users: '\(owner)' and '\(id)'",
                        note: .text("no two users may share an 'id', 'userName' or 'email'; case does not count")))
            }
        }
        return problems
    }
}
