// SPDX-License-Identifier: Apache-2.0

/// A resource owner who is a person (RFC 6749 section 1.1).
public struct User: Sendable {
    /// The identifier, as `sub` carries it.
    public let id: String
    /// Whether the person may sign in and use what was granted.
    public let isActive: Bool
    /// The validated document: `id`, `userName`, `email`, `name`, `data` and so on, without any password.
    public let document: JSON
    /// Differs as soon as something ended all of the user's sessions and tokens: a changed password, being made inactive.
    ///
    /// It is compared for equality alone; what is granted captures it (`Authorization.epoch`).
    public let epoch: Int64

    /// For the host and for tests: a user.
    public init(id: String, isActive: Bool, document: JSON, epoch: Int64 = 0) {
        self.id = id
        self.isActive = isActive
        self.document = document
        self.epoch = epoch
    }
}

/// What came of a person's attempt to sign in with a password.
public enum PasswordOutcome: Sendable {
    /// The password is the user's, and the user is active.
    case verified(User)
    /// The password is the user's, and the user is inactive: only who knows the password may be told.
    case inactive
    /// Unknown account or wrong password: alike for whoever asked.
    case refused
    /// Too many attempts: not before this long.
    case later(Duration)
}

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

    /// The users' documents.
    var documents: any DocumentDirectory { get }
}
