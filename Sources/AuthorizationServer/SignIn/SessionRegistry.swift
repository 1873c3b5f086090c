// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The sessions of users, as plugins see them and as cookies identify them.
struct SessionRegistry: SessionDirectory {
    let core: ServerCore

    func find(_ id: String) async throws -> UserSession? {
        let found = try await core.store.read([Session.key(id), Tombstone.key(id)])
        guard let record = found[0], found[1] == nil,
            let user = try await core.users.find(Session.person(record))
        else { return nil }
        let session = Session(record, of: user)
        return session.isGood(at: core.now) ? session.shown : nil
    }

    func list(user id: String) async throws -> [UserSession] {
        guard let user = try await core.users.find(id) else { return [] }
        let sessions = try await core.store.all(Session.collection, by: "user", equals: id)
            .map { Session($0, of: user) }.filter { $0.isGood(at: core.now) }
        guard !sessions.isEmpty else { return [] }
        let ends = try await core.store.read(sessions.map { Tombstone.key($0.id) })
        return zip(sessions, ends).filter { $0.1 == nil }.map(\.0.shown)
            .sorted { ($0.authenticatedAt, $0.id) > ($1.authenticatedAt, $1.id) }
    }

    func clients(of id: String) async throws -> [String] {
        try await core.store.all(SessionClient.collection, by: "session", equals: id)
            .compactMap(SessionClient.client).sorted()
    }

    // MARK: cookies

    /// The session of a request's cookie, and other records that are read together with it.
    ///
    /// The cookie contains the id and a secret; the store keeps a digest of the secret.
    func current(_ head: RequestHead, and keys: [StoreKey] = []) async throws -> (Session?, [StoreRecord?]) {
        let parts = (Cookie(Cookie.session, issuer: core.issuer).value(in: head) ?? "")
            .raw.split(at: ".", keepingEmpty: true)
        guard parts.count == 2, parts.allSatisfy({ (1...64).contains($0.count) }) else {
            return (nil, keys.isEmpty ? [] : try await core.store.read(keys))
        }
        let id = parts[0].string
        let found = try await core.store.read([Session.key(id), Tombstone.key(id)] + keys)
        let others = Array(found.dropFirst(2))
        guard let record = found[0], found[1] == nil,
            Session.has(secret: core.cryptography.digest(parts[1].string), record),
            let user = try await core.users.find(Session.person(record))
        else { return (nil, others) }
        let session = Session(record, of: user)
        return (session.isGood(at: core.now) ? session : nil, others)
    }

    /// Whether the cookie of a request names a session that has been ended.
    func hasEnded(_ head: RequestHead) async throws -> Bool {
        guard let id = namedID(head) else { return false }
        return try await core.store.read(Tombstone.key(id)) != nil
    }

    /// The id of the session that the cookie of a request names, whether or not that session exists.
    func namedID(_ head: RequestHead) -> String? {
        let cookie = Cookie(Cookie.session, issuer: core.issuer).value(in: head) ?? ""
        let id = cookie.utf8.prefix { $0 != UInt8(ascii: ".") }
        return (1...64).contains(id.count) ? String(decoding: id, as: UTF8.self) : nil
    }

    /// Begins a session for a user who has just signed in, with an id and a secret that the browser did not have
    /// before.
    func begin(for user: User, at moment: Timestamp, acr: String?, amr: [String], _ lifetime: Duration) -> NewSession {
        let secret = core.random(bytes: 32)
        let record = Session.record(
            core.random(bytes: 16), of: user, secret: core.cryptography.digest(secret), at: moment, acr: acr, amr: amr,
            until: core.now + lifetime)
        let session = Session(record, of: user)
        return NewSession(session: session, writes: [.create(record)], cookie: "\(session.id).\(secret)")
    }

    /// Steps up a session after additional proof: it keeps its id, and the former cookie is no longer valid.
    func raise(_ session: Session, acr: String?, amr: [String]) -> NewSession {
        let secret = core.random(bytes: 32)
        let record = session.raised(secret: core.cryptography.digest(secret), acr: acr, amr: amr)
        let writes = [
            StoreWrite.replace(record, ifVersion: session.record.version), .absent(Tombstone.key(session.id)),
        ]
        return NewSession(
            session: Session(record, of: session.user), writes: writes, cookie: "\(session.id).\(secret)")
    }
}
