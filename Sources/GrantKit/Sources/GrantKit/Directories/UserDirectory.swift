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

    /// Gives a user another password, which ends all sessions and all that was granted.
    ///
    /// - Parameters:
    ///   - password: What the user typed; always taken literally, even if it looks like a hash.
    ///   - user: The user as `verify` returned them; a password that was changed since then is not changed again.
    ///   - address: Where the request came from, as `RequestHead.address` has it.
    /// - Throws: `DocumentRefusal` if the configuration declares the user, if the password is unsuitable, or if the user
    ///   has changed; `OAuthError` `temporarily_unavailable` if all places for hashing are taken; `StoreError`.
    func change(password: Secret, of user: User, from address: String) async throws

    /// The users' documents.
    var documents: any DocumentDirectory { get }
}
