// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

extension StoredClient: ManagedDocument {
    static let command = "clients"

    static let help = DocumentHelp(
        show: """
            Prints the client's document as JSON, as 'grantor clients add --document' accepts it, and then lists its \
            secrets, or its method if it has none. The secrets themselves cannot be shown: the store keeps only their \
            digests.
            """,
        disable: """
            The client gets no tokens until 'grantor clients enable'. Its tokens end for good: refreshing and \
            introspection refuse them at once, but an access token that an API verifies itself stays valid until it \
            expires.
            """,
        enable: "The client gets tokens again, with the same secret. Ended tokens do not come back.",
        remove: """
            The client's tokens end for good, even if a client with the same id is added later: refreshing and \
            introspection refuse them at once, but an access token that an API verifies itself stays valid until it \
            expires.
            """)

    static let ended = "all its tokens have ended"

    static let columns = ["ID", "NAME", "GRANTS", "STATE", "KEPT IN"]

    static func rows(_ entries: [DirectoryEntry], in documents: StoredClients) async throws -> [[String]] {
        entries.map { entry in
            let grants = entry.document["grant_types"]?.strings ?? []
            return [
                entry.id, entry.document["name"]?.string ?? "-", grants.isEmpty ? "-" : grants.joined(separator: ","),
                entry.document["active"] == false ? "inactive" : "active", entry.place,
            ]
        }
    }

    static func details(of id: String, in documents: StoredClients) async throws -> [String] {
        let secrets = try await documents.secrets(of: id)
        guard !secrets.isEmpty else {
            let methods = try await documents.methods(of: id)
            guard !methods.isEmpty else { return ["it cannot authenticate: it is not valid with the loaded plugins"] }
            return [
                methods == ["none"]
                    ? "public: it has no secret" : "no secret: it authenticates by \(methods.joined(separator: " or "))"
            ]
        }
        return secrets.map { secret in
            let origin = secret.isGenerated ? "generated" : "imported"
            return "secret \(origin), \(secret.until.map { "expires at \($0.rfc3339)" } ?? "does not expire")"
        }
    }
}
