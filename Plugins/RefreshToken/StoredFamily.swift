// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the store keeps of a family of refresh tokens: one row, which says which of them is current.
struct StoredFamily {
    static let collection = StoreCollection("refresh_token", retention: RefreshToken.longest)

    let clientID: String
    /// The number of the current token, from 0.
    let generation: Int64
    let rotatedAt: Timestamp
    let authorization: Authorization
    private let record: StoreRecord

    /// Reads a record; nil if it holds no family.
    ///
    /// - Throws: `StoreError` if the authorization in it is of an encoding that the kit does not know.
    init?(_ record: StoreRecord) throws {
        let row = record.value
        guard let clientID = row["client"]?.string, let generation = row["generation"]?.integer,
            let seconds = row["rotated"]?.integer, let stored = row["authorization"]
        else { return nil }
        (self.clientID, self.generation, rotatedAt) = (clientID, generation, Timestamp(seconds: seconds))
        authorization = try Authorization(stored: stored)
        self.record = record
    }

    var expiresAt: Timestamp { record.expiresAt }

    /// Makes a family whose current token is its first.
    static func create(
        _ id: String, for client: Client, _ authorization: Authorization, at now: Timestamp, until end: Timestamp
    ) -> StoreWrite {
        let row: JSON = [
            "client": .string(client.id), "generation": 0, "rotated": .integer(now.seconds),
            "authorization": authorization.stored,
        ]
        return .create(StoreRecord(collection.key(id), row, expiresAt: end))
    }

    /// Makes the next token current, unless another request was faster.
    func rotate(at now: Timestamp, until end: Timestamp) -> StoreWrite {
        var next = record
        next.value["generation"] = .integer(generation &+ 1)
        next.value["rotated"] = .integer(now.seconds)
        next.expiresAt = end
        return .replace(next, ifVersion: record.version)
    }
}
