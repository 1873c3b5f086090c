// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A client in the store.
package struct StoredClient: StoredDocument {
    package static let noun = "client"
    package static let resourceType = "Client"
    package static let collection = StoreCollection("client", indexes: ["kind"])
    package static var other: any StoredDocument.Type { StoredUser.self }
    /// The clients by origin, because a preflight request names no client.
    static let originCollection = StoreCollection("client_origin", indexes: ["origin"])
    private static let encoding: Int64 = 1

    /// A stored secret: the SHA-256 of one that the server generated, or the slow hash of an imported one.
    package struct KeptSecret: Sendable, Hashable {
        var digest: String?
        var hash: String?
        /// When the secret expires, if a newer one has replaced it.
        package var until: Timestamp?

        /// Whether the server generated the secret.
        package var isGenerated: Bool { digest != nil }

        var json: JSON {
            var value: JSON = [:]
            value["sha256"] = digest.map(JSON.string)
            value["hash"] = hash.map(JSON.string)
            value["until"] = (until?.seconds).map(JSON.integer)
            return value
        }
    }

    package var record: StoreRecord
    package var document: JSON
    var secrets: [KeptSecret]
    package var epoch: Int64

    /// Creates a client that is not stored yet.

    init(_ document: JSON) {
        record = StoreRecord(
            StoredClient.key(document["id"]?.string ?? ""), [:], expiresAt: StoredUser.never)
        (self.document, secrets, epoch) = (document, [], 0)
    }

    package init(_ record: StoreRecord) throws {
        guard record.value["v"]?.integer == StoredClient.encoding, let document = record.value["document"],
            let epoch = record.value["epoch"]?.integer
        else {
            throw StoreError("the client '\(record.key.id)' is stored in an encoding that this server does not know")
        }
        self.record = record
        (self.document, self.epoch) = (document, epoch)
        secrets = (record.value["secrets"]?.elements ?? []).map { secret in
            KeptSecret(
                digest: secret["sha256"]?.string, hash: secret["hash"]?.string,
                until: secret["until"]?.integer.map(Timestamp.init(seconds:)))
        }
    }

    package static let credential = "secret"

    package static func event(about id: String, _ details: JSON) -> Event {
        Event(.clientChanged, client: id, details: details)
    }

    package func hasOtherCredential(than former: StoredClient) -> Bool { secrets != former.secrets }

    package var isActive: Bool {
        get { document["active"] != false }
        set { document["active"] = newValue ? nil : false }
    }

    package var updated: StoreRecord {
        var record = self.record
        record.value = [
            "v": .integer(StoredClient.encoding), "epoch": .integer(epoch), "document": document,
            "secrets": .array(secrets.map(\.json)),
        ]
        record.indexes = ["kind": StoredClient.noun]
        return record
    }
}
