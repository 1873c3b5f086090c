// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The record of a login name: it says who owns the name, so that two users made at once cannot have the same one.
struct LoginRow {
    static let collection = StoreCollection("user_login")
    private static let encoding: Int64 = 1

    /// The identifier of the owner.
    let user: String

    /// The key of a name, by the digest of its folded form.
    static func key(_ digest: String) -> StoreKey { collection.key(digest) }

    init(user: String) {
        self.user = user
    }

    /// Reads a record; nil where no owner is named.
    init?(_ record: StoreRecord?) {
        guard let user = record?.value["user"]?.string else { return nil }
        self.user = user
    }

    /// The record of a name that this user owns.
    func record(at key: StoreKey) -> StoreRecord {
        StoreRecord(key, ["v": .integer(LoginRow.encoding), "user": .string(user)], expiresAt: StoredUser.never)
    }
}
