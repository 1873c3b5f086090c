// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// A person who has signed in with one browser.
struct Session: Sendable {
    static let collection = StoreCollection("session", indexes: ["user"])

    /// The public identifier, which tokens carry as `sid`.
    let id: String
    let user: User
    let authenticatedAt: Timestamp
    let acr: String?
    let amr: [String]
    /// How it is stored.
    let record: StoreRecord

    static func key(_ id: String) -> StoreKey { StoreKey("session", id) }

    var subject: Subject { .user(user.id) }

    /// Reads a record of a person; whether it is still good is another question.
    init(_ record: StoreRecord, of user: User) {
        id = record.key.id
        self.user = user
        authenticatedAt = Timestamp(seconds: record.value["auth_time"]?.integer ?? 0)
        acr = record.value["acr"]?.string
        amr = record.value["amr"]?.strings ?? []
        self.record = record
    }

    /// Whether it has neither run out nor ended with what its person could do before.
    func isGood(at now: Timestamp) -> Bool {
        record.expiresAt > now && user.isActive && record.value["epoch"]?.integer == user.epoch
    }

    /// What plugins see of it.
    var shown: UserSession {
        UserSession(
            id: id, user: user, authenticatedAt: authenticatedAt, expiresAt: record.expiresAt, acr: acr, amr: amr,
            agent: record.value["agent"]?.string, address: record.value["from"]?.string)
    }
}
