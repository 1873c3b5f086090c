// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An access token in the store.
struct StoredToken {
    static let collection = StoreCollection("opaque_token")

    let id: String
    let clientID: String
    let issuedAt: Timestamp
    let authorization: Authorization

    /// The row to write.
    var row: JSON {
        [
            "id": .string(id), "client": .string(clientID), "iat": .integer(issuedAt.seconds),
            "authorization": authorization.stored,
        ]
    }
}

extension StoredToken {
    /// Reads a row.
    ///
    /// - Throws: `StoreError` if it lacks a member, or if the kit does not know the encoding of the authorization in it.
    init(_ row: JSON) throws {
        guard let id = row["id"]?.string, let clientID = row["client"]?.string, let seconds = row["iat"]?.integer,
            let stored = row["authorization"]
        else { throw StoreError("an access token is stored in an encoding that this server does not know") }
        self.init(
            id: id, clientID: clientID, issuedAt: Timestamp(seconds: seconds),
            authorization: try Authorization(stored: stored))
    }
}
