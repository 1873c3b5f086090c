// SPDX-License-Identifier: Apache-2.0

package import GrantKit

extension StoredUsers {
    /// Sets a user's password, which ends all sessions and grants.
    ///
    /// - Parameters:
    ///   - password: Plain text or a slow hash; 1 to 512 bytes.
    ///   - id: The user.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    package func set(password: Secret, of id: String) async throws {
        var reader = UserDocument(["id": "?", "password": .string(password.exposed)], at: [], passwords: passwords)
        _ = reader.check()
        if let refusal = DocumentRefusal(reader.problems) { throw refusal }
        let hash = try await passwords.kept(password.exposed)
        try await change(id, as: ["change": "password"]) { user in
            user.password = hash
            user.beginEpoch()
        }
    }

    /// The hash of a new password that was typed, which is taken literally.
    ///
    /// - Throws: `DocumentRefusal` if it is unsuitable; `OAuthError` if all places for hashing are taken.
    func hash(typed password: Secret, from address: String) async throws -> String {
        guard password.exposed.utf8.count <= Limit.secret, let normal = OpaqueString.normal(password.exposed) else {
            throw DocumentRefusal(
                .invalid, at: "/password", "a password must have 1 to \(Limit.secret) bytes without control characters")
        }
        return try await passwords.place(for: address).hash(Secret(normal))
    }

    /// Sets a hash as the password of a user who has not changed since the current password was verified.
    ///
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func set(hash: String, of user: User) async throws {
        let details: JSON = ["change": "password", "by": ["subject": .string(user.id)]]
        try await change(user.id, as: details) { stored in
            guard stored.isActive, stored.epoch == user.epoch else {
                throw DocumentRefusal(.changed, at: "/password", "the user '\(user.id)' has changed meanwhile")
            }
            stored.password = hash
            stored.beginEpoch()
        }
    }

    /// Finds out which of several users have a password.
    ///
    /// - Parameter ids: At most 100 ids.
    /// - Returns: The ids of users with a password.
    /// - Throws: `StoreError`.
    package func havingPassword(_ ids: [String]) async throws -> Set<String> {
        let declared = ids.filter { generation.users[$0]?.hasPassword ?? false }
        let records = try await store.read(ids.map(StoredUser.key)).compactMap(\.self)
        let stored = try records.map { try StoredUser($0) }.filter { $0.password != nil }
        return Set(declared + stored.map(\.id))
    }
}

extension DeclaredUser {
    fileprivate var hasPassword: Bool {
        if case .none = password { false } else { true }
    }
}
