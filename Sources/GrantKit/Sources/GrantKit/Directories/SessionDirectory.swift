// SPDX-License-Identifier: Apache-2.0

/// Looks up the sessions of users. `TokenService.revoke` ends a session.
public protocol SessionDirectory: Sendable {
    /// The session with an identifier; nil if there is none or it has ended.
    ///
    /// - Parameter id: The session's identifier.
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> UserSession?

    /// The sessions of a user that have not ended, the latest sign-in first.
    ///
    /// - Parameter id: The user's identifier.
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [UserSession]

    /// The identifiers of the clients that were granted something under a session, whether or not it has ended.
    ///
    /// - Parameter id: The session's identifier.
    /// - Throws: `StoreError`.
    func clients(of id: String) async throws -> [String]
}
