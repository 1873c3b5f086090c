// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the store keeps of a token.
struct StoredToken {
    static let collection = StoreCollection("opaque_token")

    let id: String
    let clientID: String
    let issuedAt: Timestamp
    let authorization: Authorization

    /// The row to be written.
    var row: JSON {
        [
            "id": .string(id), "client": .string(clientID), "iat": .integer(issuedAt.seconds),
            "authorization": authorization.stored,
        ]
    }
}

extension StoredToken {
    /// Reads a row; nil if it holds no token.
    ///
    /// - Throws: `StoreError` if the authorization in it is of an encoding that the kit does not know.
    init?(_ row: JSON) throws {
        guard let id = row["id"]?.string, let clientID = row["client"]?.string, let seconds = row["iat"]?.integer,
            let stored = row["authorization"]
        else { return nil }
        self.init(
            id: id, clientID: clientID, issuedAt: Timestamp(seconds: seconds),
            authorization: try Authorization(stored: stored))
    }
}
