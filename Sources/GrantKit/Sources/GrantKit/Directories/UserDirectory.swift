// SPDX-License-Identifier: Apache-2.0

/// Looks up users, checks their passwords and manages them.
public protocol UserDirectory: Sendable {
    /// Finds a user, active or not.
    ///
    /// - Parameter id: The user's identifier.
    /// - Returns: The user; nil if there is none.
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> User?

    /// Finds the user whose document names an identity at another server in `identities`, active or not.
    ///
    /// - Parameters:
    ///   - issuer: The issuer identifier of the other server.
    ///   - subject: The subject there, which is compared byte for byte, like the issuer.
    /// - Returns: The user; nil if no document names this identity.
    /// - Throws: `StoreError`.
    func find(issuer: String, subject: String) async throws -> User?

    /// Counts an attempt for the account and the address, and checks the password.
    ///
    /// An unknown account takes as much time as a wrong password.
    ///
    /// - Parameters:
    ///   - login: The user's `id`, `userName` or `email`.
    ///   - password: The password that the user typed.
    ///   - address: The address of the request, as in `RequestHead.address`.
    /// - Returns: The result.
    /// - Throws: `OAuthError` `temporarily_unavailable` if the server is already computing as many hashes as it may;
    ///   `StoreError`.
    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome

    /// Checks a user's current password and replaces it, which ends all sessions and everything that was granted.
    ///
    /// This counts as a sign-in attempt, if possible under a login name with which the user has signed in from this
    /// address.
    ///
    /// - Parameters:
    ///   - id: The user's identifier.
    ///   - current: The current password that the user typed.
    ///   - new: The new password that the user typed. It is taken literally, even if it looks like a hash.
    ///   - address: The address of the request, as in `RequestHead.address`.
    /// - Returns: `verified` if the password was changed, or else why it was not.
    /// - Throws: `DocumentRefusal` if the user is not in the store, if the new password is unsuitable, or if the user
    ///   has changed meanwhile; `OAuthError` `temporarily_unavailable` if the server is already computing as many
    ///   hashes as it may; `StoreError`.
    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome

    /// The users' documents.
    var documents: any DocumentDirectory { get }
}
