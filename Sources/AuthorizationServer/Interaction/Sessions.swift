// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A person who has signed in with one browser.
struct Session: Sendable {
    static let collection = StoreCollection("session", indexes: ["user"])

    /// The public identifier, which tokens carry as `sid`.
    let id: String
    let user: User
    let authenticatedAt: Timestamp
    let acr: String?
    let amr: [String]
    /// How it stands in the store.
    let record: StoreRecord

    static func key(_ id: String) -> StoreKey { StoreKey("session", id) }

    var subject: Subject { .user(user.id) }
}

/// A session that begins, or gets another cookie: what is written is committed with the answer that brings the cookie.
struct NewSession: Sendable {
    let session: Session
    let writes: [StoreWrite]
    let cookie: String
}

extension ServerCore {
    /// The session of a request's cookie, and other records that are read in the same view.
    ///
    /// The cookie holds the identifier and a secret; the store knows the secret by its digest.
    func session(_ head: RequestHead, and keys: [StoreKey] = []) async throws -> (Session?, [StoreRecord?]) {
        let parts = (Cookie(Cookie.session, issuer: issuer).value(in: head) ?? "")
            .split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ (1...64).contains($0.utf8.count) }) else {
            return (nil, keys.isEmpty ? [] : try await store.read(keys))
        }
        let id = String(parts[0])
        let found = try await store.read([Session.key(id), Tombstone.key(id)] + keys)
        let others = Array(found.dropFirst(2))
        guard let record = found[0], found[1] == nil, record.expiresAt > now,
            Secret(record.value["secret"]?.string ?? "") == Secret(cryptography.digest(String(parts[1]))),
            let user = try await users.find(record.value["user"]?.string ?? ""), user.isActive,
            record.value["epoch"]?.integer == user.epoch
        else { return (nil, others) }
        let session = Session(
            id: id, user: user, authenticatedAt: Timestamp(seconds: record.value["auth_time"]?.integer ?? 0),
            acr: record.value["acr"]?.string, amr: record.value["amr"]?.strings ?? [], record: record)
        return (session, others)
    }

    /// A session for a person who has just signed in; never an identifier or a secret that the browser had before.
    func newSession(_ user: User, at moment: Timestamp, acr: String?, amr: [String], _ lifetime: Duration) -> NewSession
    {
        let id = random(bytes: 16)
        let secret = random(bytes: 32)
        var value: JSON = [
            "user": .string(user.id), "secret": .string(cryptography.digest(secret)),
            "auth_time": .integer(moment.seconds), "epoch": .integer(user.epoch), "amr": .strings(amr),
        ]
        value["acr"] = acr.map(JSON.string)
        let record = StoreRecord(Session.key(id), value, expiresAt: now + lifetime, indexes: ["user": user.id])
        let session = Session(id: id, user: user, authenticatedAt: moment, acr: acr, amr: amr, record: record)
        return NewSession(session: session, writes: [.create(record)], cookie: "\(id).\(secret)")
    }

    /// A session whose person has given further proof: tokens go on naming it, and the cookie of before is worth nothing.
    func raised(_ session: Session, acr: String?, amr: [String]) -> NewSession {
        let secret = random(bytes: 32)
        var record = session.record
        record.value["secret"] = .string(cryptography.digest(secret))
        record.value["acr"] = (acr ?? session.acr).map(JSON.string)
        record.value["amr"] = .strings(session.amr + amr)
        let raised = Session(
            id: session.id, user: session.user, authenticatedAt: session.authenticatedAt, acr: acr ?? session.acr,
            amr: session.amr + amr, record: record)
        let writes = [
            StoreWrite.replace(record, ifVersion: session.record.version), .absent(Tombstone.key(session.id)),
        ]
        return NewSession(session: raised, writes: writes, cookie: "\(session.id).\(secret)")
    }
}
