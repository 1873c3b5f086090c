// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Knows users who are neither in the configuration nor in the store.
protocol UserSource: LaterRole {
    /// What the identifiers of its users start with, so that two sources cannot mean two users by one identifier.
    var prefix: String { get }
    func find(_ id: String) async throws -> User?
    /// Checks a password. The server has counted the attempt.
    func verify(login: String, password: Secret) async throws -> PasswordOutcome
}

extension UserSource {
    var line: String { "users \(prefix)" }
}
