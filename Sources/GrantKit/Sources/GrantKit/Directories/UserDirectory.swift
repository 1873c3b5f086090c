// SPDX-License-Identifier: Apache-2.0

/// Looks users up, checks their passwords and manages them.
public protocol UserDirectory: Sendable {
    /// The user of an identifier, active or not; nil if there is none.
    ///
    /// - Throws: `StoreError`.
    func find(_ id: String) async throws -> User?

    /// Checks a password, after the attempt was counted for the account and for the address.
    ///
    /// An account that does not exist costs as much time as a wrong password.
    ///
    /// - Parameters:
    ///   - login: The user's `id`, `userName` or `email`.
    ///   - password: What the person typed.
    ///   - address: Where the request came from, as `RequestHead.address` has it.
    /// - Returns: What came of it.
    /// - Throws: `OAuthError` `temporarily_unavailable` if all places for hashing are taken; `StoreError`.
    func verify(login: String, password: Secret, from address: String) async throws -> PasswordOutcome

    /// Changes a user's password after checking the current one, which ends all sessions and everything that was granted.
    ///
    /// The attempt is counted as a sign-in attempt, under the name by which the user is known from the address.
    ///
    /// - Parameters:
    ///   - id: The user's identifier.
    ///   - current: What the user typed as the current password.
    ///   - new: What the user typed as the new password; always taken literally, even if it looks like a hash.
    ///   - address: Where the request came from, as `RequestHead.address` has it.
    /// - Returns: `verified` if the password is changed, or else why not.
    /// - Throws: `DocumentRefusal` if the configuration declares the user, if the new password is unsuitable, or if the
    ///   user has changed meanwhile; `OAuthError` `temporarily_unavailable` if all places for hashing are taken;
    ///   `StoreError`.
    func changePassword(
        of id: String, from current: Secret, to new: Secret, address: String
    ) async throws -> PasswordOutcome

    /// The users' documents.
    var documents: any DocumentDirectory { get }
}
