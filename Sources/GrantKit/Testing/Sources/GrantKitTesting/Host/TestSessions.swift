// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The sessions of a test's host.
public final class TestSessions: SessionDirectory {
    private struct Entry {
        var session: UserSession
        var clients: [String]
    }

    private let all = Mutex<[Entry]>([])
    private let records: any Store
    private let clock: TestClock

    init(_ records: any Store, clock: TestClock) {
        self.records = records
        self.clock = clock
    }

    /// Adds a session, or replaces the one with its id.
    ///
    /// - Parameters:
    ///   - session: The session.
    ///   - clients: The ids of the clients that it was used for.
    public func add(_ session: UserSession, clients: [String] = []) {
        all.withLock { all in
            all.removeAll { $0.session.id == session.id }
            all.append(Entry(session: session, clients: clients))
        }
    }

    /// The sessions that have neither expired nor been revoked.
    private func live() async throws -> [Entry] {
        let now = clock.now
        let open = all.withLock { $0.filter { $0.session.expiresAt > now } }
        let revoked = try await records.read(open.map { StoreKey(TestTokens.collection, $0.session.id) })
        return zip(open, revoked).filter { $0.1 == nil }.map { $0.0 }
    }

    /// The session with an id; nil if there is none, or if it has expired.
    public func find(_ id: String) async throws -> UserSession? {
        try await live().first { $0.session.id == id }?.session
    }

    /// A user's sessions that have not expired.
    public func list(user id: String) async throws -> [UserSession] {
        try await live().map(\.session).filter { $0.user.id == id }
    }

    /// The ids of the clients that a session was used for.
    public func clients(of id: String) async throws -> [String] {
        try await live().first { $0.session.id == id }?.clients ?? []
    }
}
