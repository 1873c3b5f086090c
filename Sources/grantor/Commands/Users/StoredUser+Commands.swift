// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

extension StoredUser: ManagedDocument {
    static let command = "users"

    static let help = DocumentHelp(
        show: """
            Prints the user's document as JSON, with the keys of a user in the configuration, and says below whether there \
            is a password. The password itself is known to nobody but the user.
            """,
        disable: """
            The user cannot sign in until 'grantor users enable'. Sessions and tokens end, and stay ended: refreshing and \
            introspection refuse them at once; a token that APIs verify by themselves lasts until it expires.
            """,
        enable: "The user can sign in again, with the same password. What had ended stays ended.",
        remove: """
            Sessions and tokens end, also if a user of the same id is made later: refreshing and introspection refuse them \
            at once; a token that APIs verify by themselves lasts until it expires. The user's names are free for others.
            """)

    static let ended = "all sessions and tokens have ended"

    static let columns = ["ID", "USER NAME", "EMAIL", "STATE", "PASSWORD", "KEPT IN"]

    static func rows(_ entries: [DirectoryEntry], in documents: StoredUsers) async throws -> [[String]] {
        let known = try await documents.havingPassword(entries.map(\.id))
        return entries.map { entry in
            [
                entry.id, entry.document["userName"]?.string ?? "-", entry.document["email"]?.string ?? "-",
                entry.document["inactive"] == true ? "inactive" : "active", known.contains(entry.id) ? "set" : "none",
                entry.place,
            ]
        }
    }

    static func details(of id: String, in documents: StoredUsers) async throws -> [String] {
        [try await documents.havingPassword([id]).isEmpty ? "no password" : "password set"]
    }

    static func event(_ change: String, of id: String) -> Event {
        Event(.userChanged, subject: .user(id), details: ["change": .string(change)])
    }
}
