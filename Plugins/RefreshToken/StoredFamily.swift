// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A family of refresh tokens in the store: one row, which records the current token.
struct StoredFamily {
    static let collection = StoreCollection("refresh_token", retention: RefreshToken.longest)

    let clientID: String
    /// The generation of the current token, from 0.
    let generation: Int64
    let rotatedAt: Timestamp
    let authorization: Authorization
    private let record: StoreRecord

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it lacks a member, or if the kit does not know the encoding of the authorization in it.
    init(_ record: StoreRecord) throws {
        let row = record.value
        guard let clientID = row["client"]?.string, let generation = row["generation"]?.integer,
            let seconds = row["rotated"]?.integer, let stored = row["authorization"]
        else { throw StoreError("a refresh token is stored in an encoding that this server does not know") }
        (self.clientID, self.generation, rotatedAt) = (clientID, generation, Timestamp(seconds: seconds))
        authorization = try Authorization(stored: stored)
        self.record = record
    }

    var expiresAt: Timestamp { record.expiresAt }

    /// Creates a family whose current token is the first.
    static func create(
        _ id: String, for client: Client, _ authorization: Authorization, at now: Timestamp, until end: Timestamp
    ) -> StoreWrite {
        let row: JSON = [
            "client": .string(client.id), "generation": 0, "rotated": .integer(now.seconds),
            "authorization": authorization.stored,
        ]
        return .create(StoreRecord(collection.key(id), row, expiresAt: end))
    }

    /// Makes the next token the current one; conflicts if another request has already done so.
    func rotate(at now: Timestamp, until end: Timestamp) -> StoreWrite {
        var next = record
        next.value["generation"] = .integer(generation &+ 1)
        next.value["rotated"] = .integer(now.seconds)
        next.expiresAt = end
        return .replace(next, ifVersion: record.version)
    }
}
