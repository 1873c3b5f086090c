// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

extension StoredUser: ManagedDocument {
    static let command = "users"

    static let help = DocumentHelp(
        show: """
            Prints the user's document as JSON, with the same keys as a user in the configuration, and then whether \
            the user has a password. The password itself cannot be shown: the store keeps only a hash.
            """,
        disable: """
            The user cannot sign in until 'grantor users enable'. Sessions and tokens end for good: refreshing and \
            introspection refuse them at once, but an access token that an API verifies itself stays valid until it \
            expires.
            """,
        enable: "The user can sign in again, with the same password. Ended sessions and tokens do not come back.",
        remove: """
            Sessions and tokens end for good, even if a user with the same id is added later: refreshing and \
            introspection refuse them at once, but an access token that an API verifies itself stays valid until it \
            expires. Other users may take the user's names.
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
}
