// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Hashes the passwords of people: slowly, elsewhere than on the caller's thread, in bounded places.
///
/// Whatever it is asked from an address throws `OAuthError` `temporarily_unavailable` if all places are taken. What the
/// server asks for its own sake has no address and always finds a place.
public protocol PasswordHashing: Sendable {
    /// What a text is.
    func form(of text: String) -> PasswordForm

    /// Hashes a password with a new salt.
    func hash(_ password: Secret, from address: String?) async throws -> String

    /// Whether a password is the one that was hashed.
    func matches(_ password: Secret, _ hash: String, from address: String) async throws -> Bool

    /// The bytes, as base64url, that the slow hash makes of a text with a salt of the caller's; as slow as `hash`.
    func derive(_ text: Secret, salt: String, from address: String?) async throws -> Secret

    /// What an address counts as: of IPv6 its network.
    func origin(of address: String) -> String
}

extension PasswordHashing {
    /// What is kept of a password: its hash, or the hash that it is.
    func kept(_ password: String) async throws -> String {
        guard form(of: password) == .plain else { return password }
        return try await hash(Secret(OpaqueString.normal(password) ?? password), from: nil)
    }
}
