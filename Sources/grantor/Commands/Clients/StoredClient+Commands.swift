// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

extension StoredClient: ManagedDocument {
    static let command = "clients"

    static let help = DocumentHelp(
        show: """
            Prints its document as JSON, as 'grantor clients add --document' takes it, and says below what secrets it \
            has. The secrets themselves are known to nobody but the client.
            """,
        disable: """
            The client gets no tokens until 'grantor clients enable'. What was granted to it ends, and stays ended: \
            refreshing and introspection refuse it at once; a token that APIs verify by themselves lasts until it expires.
            """,
        enable: "The client gets tokens again, with the same secret. What had ended stays ended.",
        remove: """
            All that was granted to it ends, also if a client of the same id is made later: refreshing and introspection \
            refuse it at once; a token that APIs verify by themselves lasts until it expires.
            """)

    static let ended = "all that was granted to it has ended"

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
        guard !secrets.isEmpty else { return ["public: it has no secret"] }
        return secrets.map { secret in
            let origin = secret.isGenerated ? "made by the server" : "imported"
            return "secret \(origin), \(secret.until.map { "ends at \($0.rfc3339)" } ?? "without end")"
        }
    }

    static func event(_ change: String, of id: String) -> Event {
        Event(.clientChanged, client: id, details: ["change": .string(change)])
    }
}
