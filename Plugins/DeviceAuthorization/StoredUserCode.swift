// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A user code in the store, kept under its digest: it names the request that it was issued for.
///
/// A record of its own, so that two requests cannot have the same code.
struct StoredUserCode {
    static let collection = StoreCollection("user_code")

    /// The identifier of the request within its collection.
    let request: String

    /// The record to create.
    func record(_ key: StoreKey, expiresAt end: Timestamp) -> StoreRecord {
        StoreRecord(key, ["request": .string(request)], expiresAt: end)
    }
}

extension StoredUserCode {
    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it lacks its member.
    init(_ record: StoreRecord) throws {
        guard let request = record.value["request"]?.string else {
            throw StoreError("a user code is stored in an encoding that this server does not know")
        }
        self.init(request: request)
    }
}
