// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A user in the store.
package struct StoredUser: StoredDocument {
    package static let noun = "user"
    package static let resourceType = "User"
    package static let collection = StoreCollection("user", indexes: ["email", "user_name", "kind"])
    package static var other: any StoredDocument.Type { StoredClient.self }
    private static let encoding: Int64 = 1
    static let never = Timestamp(seconds: 253_402_300_799)

    package var record: StoreRecord
    package var document: JSON
    var password: String?
    package var epoch: Int64

    /// Creates a user that is not stored yet.
    init(_ document: JSON) {
        record = StoreRecord(StoredUser.key(document["id"]?.string ?? ""), [:], expiresAt: StoredUser.never)
        (self.document, epoch) = (document, 0)
    }

    package init(_ record: StoreRecord) throws {
        guard record.value["v"]?.integer == StoredUser.encoding, let document = record.value["document"],
            let epoch = record.value["epoch"]?.integer
        else { throw StoreError("the user '\(record.key.id)' is stored in an encoding that this server does not know") }
        self.record = record
        (self.document, self.epoch) = (document, epoch)
        password = record.value["password"]?.string
    }

    package static let credential = "password"

    package static func event(about id: String, _ details: JSON) -> Event {
        Event(.userChanged, subject: .user(id), details: details)
    }

    package func hasOtherCredential(than former: StoredUser) -> Bool { password != former.password }

    package var isActive: Bool {
        get { document["inactive"] != true }
        set { document["inactive"] = newValue ? nil : true }
    }

    var user: User { User(id: id, isActive: isActive, document: document, epoch: epoch) }

    package var updated: StoreRecord {
        var record = self.record
        record.value = ["v": .integer(StoredUser.encoding), "epoch": .integer(epoch), "document": document]
        record.value["password"] = password.map(JSON.string)
        record.indexes = ["kind": StoredUser.noun]
        record.indexes["email"] = document["email"]?.string.map(LoginName.folded)
        record.indexes["user_name"] = document["userName"]?.string.map(LoginName.folded)
        return record
    }
}
