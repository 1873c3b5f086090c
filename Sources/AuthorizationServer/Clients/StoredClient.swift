// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client that the store keeps.
struct StoredClient: Sendable {
    static let collection = StoreCollection("client", indexes: ["kind"])
    /// Which clients have an origin, since a preflight names no client.
    static let originCollection = StoreCollection("client_origin", indexes: ["origin"])
    /// The value of the index that all clients carry.
    static let kind = "client"
    private static let encoding: Int64 = 1

    /// A secret as it is kept: the SHA-256 of one that the server made, the slow hash of any other.
    struct KeptSecret: Sendable, Hashable {
        var digest: String?
        var hash: String?
        var until: Timestamp?

        var json: JSON {
            var value: JSON = [:]
            value["sha256"] = digest.map(JSON.string)
            value["hash"] = hash.map(JSON.string)
            value["until"] = (until?.seconds).map(JSON.integer)
            return value
        }
    }

    var record: StoreRecord
    /// The document, without secrets.
    var document: JSON
    var secrets: [KeptSecret]
    var epoch: Int64

    static func key(_ id: String) -> StoreKey { StoreKey("client", id) }

    /// Makes a client that is not stored yet.
    init(_ id: String, _ document: JSON, secrets: [KeptSecret], epoch: Int64) {
        record = StoreRecord(StoredClient.key(id), [:], expiresAt: StoredUser.never)
        (self.document, self.secrets, self.epoch) = (document, secrets, epoch)
    }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it was written by an encoding that this server does not know.
    init(_ record: StoreRecord) throws {
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

    var id: String { record.key.id }

    var isActive: Bool { document["active"] != false }

    /// Differs from that of any other state of this client, one of the same id that was made anew included.
    var version: String { "\(record.version).\(epoch)" }

    var entry: DirectoryEntry { DirectoryEntry(id: id, document: document, version: version) }

    /// Ends all that was granted to it.
    mutating func beginEpoch() {
        epoch = (epoch + 1) & UserEpoch.largest
    }

    /// The record to be written.
    var updated: StoreRecord {
        var record = self.record
        record.value = [
            "v": .integer(StoredClient.encoding), "epoch": .integer(epoch), "document": document,
            "secrets": .array(secrets.map(\.json)),
        ]
        record.indexes = ["kind": StoredClient.kind]
        return record
    }

    // MARK: origins

    /// The origins that it is found by: an inactive client lets no script read (decision 0030).
    var origins: Set<String> { isActive ? ClientDocument.origins(of: document) : [] }

    /// Where its rows of origins can be: earlier versions kept them as they were written, those of inactive clients too.
    func originKeys(_ cryptography: any CryptographyService) -> Set<StoreKey> {
        let all = ClientDocument.origins(of: document).union(document["allowed_origins"]?.strings ?? [])
        return Set(all.map { originRecord($0, cryptography).key })
    }

    /// What names that this client has an origin.
    func originRecord(_ origin: String, _ cryptography: any CryptographyService) -> StoreRecord {
        StoreRecord(
            StoreKey("client_origin", cryptography.digest("\(origin)\u{0}\(id)")), ["v": 1],
            expiresAt: StoredUser.never, indexes: ["origin": origin])
    }

    /// Whether some client in the store has an origin.
    ///
    /// - Throws: `StoreError`.
    static func isOrigin(_ origin: String, in store: any Store) async throws -> Bool {
        guard origin.utf8.count <= 512 else { return false }
        return try await !store.find("client_origin", by: "origin", equals: origin, after: nil, limit: 1).isEmpty
    }
}
