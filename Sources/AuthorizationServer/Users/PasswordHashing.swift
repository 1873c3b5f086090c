// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Hashes the passwords of users slowly, off the caller's thread and in a bounded number of places.
///
/// Calls with an address throw `OAuthError` `temporarily_unavailable` if all places are taken. Calls that the server
/// makes for itself have no address and always find a place.
public protocol PasswordHashing: Sendable {
    /// The form of a password in a document.
    func form(of text: String) -> PasswordForm

    /// Hashes a password with a new salt.
    func hash(_ password: Secret, from address: String?) async throws -> String

    /// Whether a hash is that of a password.
    func matches(_ password: Secret, _ hash: String, from address: String) async throws -> Bool

    /// Derives bytes from a string and a salt with the slow hash, in base64url; as slow as `hash`.
    func derive(_ text: Secret, salt: String, from address: String?) async throws -> Secret

    /// The part of an address by which callers are counted; for IPv6, its network.
    func origin(of address: String) -> String
}

extension PasswordHashing {
    /// The hash to store for a password: a new one, or the password itself if it already is a hash.
    func kept(_ password: String) async throws -> String {
        guard form(of: password) == .plain else { return password }
        return try await hash(Secret(OpaqueString.normal(password) ?? password), from: nil)
    }
}
