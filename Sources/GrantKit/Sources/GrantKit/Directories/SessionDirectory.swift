// SPDX-License-Identifier: Apache-2.0

/// Looks up the sessions of users.
///
/// `TokenService.revoke` ends a session.
public protocol SessionDirectory: Sendable {
    /// Finds a session.
    ///
    /// - Parameter id: The session's identifier.
    /// - Returns: The session; nil if there is none or it has ended.
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> UserSession?

    /// Lists the sessions of a user that have not ended.
    ///
    /// - Parameter id: The user's identifier.
    /// - Returns: The sessions, the latest sign-in first.
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [UserSession]

    /// Lists the clients that were granted something under a session, whether or not it has ended.
    ///
    /// - Parameter id: The session's identifier.
    /// - Returns: The identifiers of the clients.
    /// - Throws: `StoreError`.
    func clients(of id: String) async throws -> [String]
}
