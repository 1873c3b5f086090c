// SPDX-License-Identifier: Apache-2.0

/// Looks up who is signed in; `TokenService.revoke` ends a session.
public protocol SessionDirectory: Sendable {
    /// A session that is still good, or nil.
    ///
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> UserSession?

    /// The sessions of a user that are still good, the latest sign-in first.
    ///
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [UserSession]

    /// The identifiers of the clients that were granted something under a session, whether it is still good or not.
    ///
    /// - Throws: `StoreError`.
    func clients(of id: String) async throws -> [String]
}
