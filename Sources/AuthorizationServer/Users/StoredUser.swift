// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A user that the store keeps.
struct StoredUser: Sendable {
    static let collection = StoreCollection("user", indexes: ["email", "user_name", "kind"])
    /// Who owns a login name: what keeps two users that are made at once from having the same one.
    static let loginCollection = StoreCollection("user_login")
    private static let encoding: Int64 = 1
    /// The value of the index that all users carry.
    static let kind = "user"
    static let never = Timestamp(seconds: 253_402_300_799)

    var record: StoreRecord
    var document: JSON
    var password: String?
    var epoch: Int64

    static func key(_ id: String) -> StoreKey { StoreKey("user", id) }

    static func loginKey(_ digest: String) -> StoreKey { StoreKey("user_login", digest) }

    /// Makes a user that is not stored yet.
    init(_ document: JSON, password: String?, epoch: Int64) {
        record = StoreRecord(StoredUser.key(document["id"]?.string ?? ""), [:], expiresAt: StoredUser.never)
        (self.document, self.password, self.epoch) = (document, password, epoch)
    }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it was written by an encoding that this server does not know.
    init(_ record: StoreRecord) throws {
        guard record.value["v"]?.integer == StoredUser.encoding, let document = record.value["document"],
            let epoch = record.value["epoch"]?.integer
        else { throw StoreError("the user '\(record.key.id)' is stored in an encoding that this server does not know") }
        self.record = record
        (self.document, self.epoch) = (document, epoch)
        password = record.value["password"]?.string
    }

    var id: String { record.key.id }

    var isActive: Bool {
        get { document["inactive"] != true }
        set { document["inactive"] = newValue ? nil : true }
    }

    /// Differs from that of any other state of this user, one of the same id that was made anew included.
    var version: String { "\(record.version).\(epoch)" }

    var entry: DirectoryEntry { DirectoryEntry(id: id, document: document, version: version) }

    var user: User { User(id: id, isActive: isActive, document: document, epoch: epoch) }

    /// Ends all that was granted and every session.
    mutating func beginEpoch() {
        epoch = (epoch + 1) & UserEpoch.largest
    }

    /// The record to be written.
    var updated: StoreRecord {
        var record = self.record
        record.value = ["v": .integer(StoredUser.encoding), "epoch": .integer(epoch), "document": document]
        record.value["password"] = password.map(JSON.string)
        record.indexes = ["kind": StoredUser.kind]
        record.indexes["email"] = document["email"]?.string.map(LoginName.folded)
        record.indexes["user_name"] = document["userName"]?.string.map(LoginName.folded)
        return record
    }
}
