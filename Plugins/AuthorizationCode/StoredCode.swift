// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A code in the store, kept under its digest.
struct StoredCode {
    static let collection = StoreCollection("authorization_code")
    /// How long a code is remembered after it has expired, so that a replay is noticed.
    private static let memory = Duration.seconds(3600)

    let clientID: String
    let redirectURI: String
    /// Whether the authorization request had a redirect URI, which must then be repeated (RFC 6749 section 4.1.3).
    let isRedirectURISent: Bool
    let challenge: String?
    let usableUntil: Timestamp
    let authorization: Authorization

    /// The record to write.
    func record(_ key: StoreKey) -> StoreRecord {
        var row: JSON = [
            "client": .string(clientID), "usable_until": .integer(usableUntil.seconds),
            "redirect_uri": .string(redirectURI), "authorization": authorization.stored,
        ]
        row["sent"] = isRedirectURISent ? true : nil
        row["challenge"] = challenge.map(JSON.string)
        return StoreRecord(key, row, expiresAt: usableUntil + StoredCode.memory)
    }
}

extension StoredCode {
    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it lacks a member, or if the kit does not know the encoding of the authorization in it.
    init(_ record: StoreRecord) throws {
        let row = record.value
        guard let clientID = row["client"]?.string, let redirectURI = row["redirect_uri"]?.string,
            let end = row["usable_until"]?.integer, let stored = row["authorization"]
        else { throw StoreError("an authorization code is stored in an encoding that this server does not know") }
        self.init(
            clientID: clientID, redirectURI: redirectURI, isRedirectURISent: row["sent"] == true,
            challenge: row["challenge"]?.string, usableUntil: Timestamp(seconds: end),
            authorization: try Authorization(stored: stored))
    }
}
