// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// A user's sign-in with one browser.
struct Session: Sendable {
    static let collection = StoreCollection("session", indexes: ["user"])

    /// The public id, which tokens carry as `sid`.
    let id: String
    let user: User
    let authenticatedAt: Timestamp
    let acr: String?
    let amr: [String]
    /// The record in the store.
    let record: StoreRecord

    static func key(_ id: String) -> StoreKey { collection.key(id) }

    var subject: Subject { .user(user.id) }

    /// Reads a record, without checking whether the session is still valid.
    init(_ record: StoreRecord, of user: User) {
        id = record.key.id
        self.user = user
        authenticatedAt = Timestamp(seconds: record.value["auth_time"]?.integer ?? 0)
        acr = record.value["acr"]?.string
        amr = record.value["amr"]?.strings ?? []
        self.record = record
    }

    /// Whether the session has neither expired nor ended with its user's epoch.
    func isGood(at now: Timestamp) -> Bool {
        record.expiresAt > now && user.isActive && record.value["epoch"]?.integer == user.epoch
    }

    // MARK: the record

    /// The id of the user in a record.
    static func person(_ record: StoreRecord) -> String { record.value["user"]?.string ?? "" }

    /// Whether a record has the secret with this digest.
    static func has(secret digest: String, _ record: StoreRecord) -> Bool {
        Secret(record.value["secret"]?.string ?? "") == Secret(digest)
    }

    /// The record of a new session.
    static func record(
        _ id: String, of user: User, secret digest: String, at moment: Timestamp, acr: String?, amr: [String],
        until end: Timestamp
    ) -> StoreRecord {
        var value: JSON = [
            "user": .string(user.id), "secret": .string(digest), "auth_time": .integer(moment.seconds),
            "epoch": .integer(user.epoch), "amr": .strings(amr),
        ]
        value["acr"] = acr.map(JSON.string)
        return StoreRecord(key(id), value, expiresAt: end, indexes: ["user": user.id])
    }

    /// The record with a new secret and additional proof.
    func raised(secret digest: String, acr: String?, amr: [String]) -> StoreRecord {
        var next = record
        next.value["secret"] = .string(digest)
        next.value["acr"] = (acr ?? self.acr).map(JSON.string)
        next.value["amr"] = .strings(self.amr + amr)
        return next
    }

    /// The record with the browser's name and address.
    static func noting(agent: String?, address: String, in record: StoreRecord) -> StoreRecord {
        var next = record
        next.value["agent"] = agent.map(JSON.string)
        next.value["from"] = .string(address)
        return next
    }

    /// The session as plugins see it.
    var shown: UserSession {
        UserSession(
            id: id, user: user, authenticatedAt: authenticatedAt, expiresAt: record.expiresAt, acr: acr, amr: amr,
            agent: record.value["agent"]?.string, address: record.value["from"]?.string)
    }
}
