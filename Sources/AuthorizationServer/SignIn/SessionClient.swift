// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A client that was granted something under a session: whom the end of the session concerns.
enum SessionClient {
    static let collection = StoreCollection("session_client", indexes: ["session"])

    static func key(_ session: String, _ client: String, in core: ServerCore) -> StoreKey {
        // No id of a session holds the separator.
        StoreKey("session_client", core.cryptography.digest("\(session)\u{0}\(client)"))
    }
}

extension ServerCore {
    /// What an approval commits so that its client is known under its session; nothing if it is already.
    ///
    /// - Throws: `StoreError`.
    func remembering(_ client: String, in session: Session, isNew: Bool) async throws -> [StoreWrite] {
        let key = SessionClient.key(session.id, client, in: self)
        if !isNew, try await store.read(key) != nil { return [] }
        return [
            .create(
                StoreRecord(
                    key, ["client": .string(client)], expiresAt: session.record.expiresAt,
                    indexes: ["session": session.id]))
        ]
    }

    /// All records that carry a value of an index, up to a bound that nobody reaches by use.
    func all(_ collection: String, by index: String, equals value: String) async throws -> [StoreRecord] {
        var all: [StoreRecord] = []
        while all.count < 10_000 {
            let page = try await store.find(collection, by: index, equals: value, after: all.last?.key, limit: 500)
            all += page
            if page.count < 500 { break }
        }
        return all
    }
}

/// The sessions of people, as plugins see them.
struct Sessions: SessionDirectory {
    let core: ServerCore

    func find(_ id: String) async throws -> UserSession? {
        let found = try await core.store.read([Session.key(id), Tombstone.key(id)])
        guard let record = found[0], found[1] == nil,
            let user = try await core.users.find(record.value["user"]?.string ?? "")
        else { return nil }
        let session = Session(record, of: user)
        return session.isGood(at: core.now) ? session.shown : nil
    }

    func list(user id: String) async throws -> [UserSession] {
        guard let user = try await core.users.find(id) else { return [] }
        let sessions = try await core.all("session", by: "user", equals: id)
            .map { Session($0, of: user) }.filter { $0.isGood(at: core.now) }
        guard !sessions.isEmpty else { return [] }
        let ends = try await core.store.read(sessions.map { Tombstone.key($0.id) })
        return zip(sessions, ends).filter { $0.1 == nil }.map(\.0.shown)
            .sorted { ($0.authenticatedAt, $0.id) > ($1.authenticatedAt, $1.id) }
    }

    func clients(of id: String) async throws -> [String] {
        try await core.all("session_client", by: "session", equals: id).compactMap { $0.value["client"]?.string }
            .sorted()
    }
}

/// What people have allowed, as plugins see it.
struct Consents: ConsentDirectory {
    let core: ServerCore

    func list(user id: String) async throws -> [StoredConsent] {
        guard let user = try await core.users.find(id) else { return [] }
        return try await core.all("consent", by: "user", equals: id)
            .filter { $0.expiresAt > core.now && $0.value["epoch"]?.integer == user.epoch }
            .compactMap { record in
                guard let client = record.value["client"]?.string else { return nil }
                return StoredConsent(
                    clientID: client, scope: Scope(record.value["granted"]?.strings ?? []),
                    givenAt: Timestamp(seconds: record.value["given"]?.integer ?? 0))
            }
            .sorted { $0.clientID < $1.clientID }
    }

    /// All that was granted by a consent has an id that begins with the consent's own.
    func end(user: String, client: String, reason: String) async throws {
        let key = Consent.key(user, client, in: core)
        guard let record = try await core.store.read(key) else { return }
        guard let id = record.value["id"]?.string else {
            _ = try await core.store.write([.delete(key)])
            return
        }
        try await core.revoke(.grant(id), reason: reason, and: [.delete(key)])
    }
}
