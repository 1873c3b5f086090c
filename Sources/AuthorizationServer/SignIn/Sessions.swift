// SPDX-License-Identifier: Apache-2.0

import GrantKit

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
