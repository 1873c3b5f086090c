// SPDX-License-Identifier: Apache-2.0

public import GrantKit
import Synchronization

/// The users of a test's host.
public final class TestUsers: UserDirectory {
    private struct Entry {
        var user: User
        var login: String
        var password: String?
    }

    /// The wrong passwords for one login name that are compared before others have to wait.
    private static let free = 5

    private let all = Mutex<[[UInt8]: Entry]>([:])
    private let wrong = Mutex<[[UInt8]: Int]>([:])

    /// The users' documents.
    public let documents: any DocumentDirectory

    init(_ documents: TestDocuments) {
        self.documents = documents
    }

    /// Adds a user, or replaces the one with the same id.
    ///
    /// - Parameters:
    ///   - user: The user.
    ///   - login: The login name; by default the id.
    ///   - password: The password; nil for a user who has none.
    public func add(_ user: User, login: String? = nil, password: String? = nil) {
        all.withLock { $0[Array(user.id.utf8)] = Entry(user: user, login: login ?? user.id, password: password) }
    }

    /// The user with an id; nil if there is none.
    public func find(_ id: String) async throws -> User? {
        all.withLock { $0[Array(id.utf8)]?.user }
    }

    /// The user whose document names an identity at another server in `identities`; nil if there is none.
    public func find(issuer: String, subject: String) async throws -> User? {
        let wanted: [JSON?] = [.string(issuer), .string(subject)]
        let users = all.withLock { $0.values.map(\.user) }
        return users.first { user in
            (user.document["identities"]?.elements ?? []).contains { [$0["issuer"], $0["subject"]] == wanted }
        }
    }

    /// Checks a password.
    public func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome {
        guard wrong.withLock({ $0[Array(login.utf8)] ?? 0 }) < TestUsers.free else { return .later(.seconds(60)) }
        let found = all.withLock { $0.values.first { $0.login == login } }
        guard let found, let right = found.password, password == Secret(right) else {
            wrong.withLock { $0[Array(login.utf8), default: 0] += 1 }
            return .refused
        }
        return found.user.isActive ? .verified(found.user) : .inactive
    }

    /// Forgets all wrong passwords, as a server does after an hour.
    public func forget() {
        wrong.withLock { $0 = [:] }
    }

    /// Changes a password if the current one is right.
    public func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome {
        all.withLock { all in
            guard var entry = all[Array(id.utf8)], let right = entry.password, current == Secret(right) else {
                return .refused
            }
            guard entry.user.isActive else { return .inactive }
            entry.password = new.exposed
            all[Array(id.utf8)] = entry
            return .verified(entry.user)
        }
    }
}
