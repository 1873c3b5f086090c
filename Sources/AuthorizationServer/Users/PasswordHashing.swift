// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// Hashes the passwords of users slowly, off the caller's thread and in a bounded number of places.
///
/// What it hashes by itself is for the server, and always finds a place. For a request, it hashes in a place that was
/// taken for the address.
public protocol PasswordHashing: Sendable {
    /// The form of a password in a document.
    func form(of text: String) -> PasswordForm

    /// Takes a place for a request.
    ///
    /// - Parameter address: The address of the requester.
    /// - Returns: Hashes one password after the other in the place, which is taken until nothing refers to it.
    /// - Throws: `OAuthError` `temporarily_unavailable` if all places that the address may use are taken.
    func place(for address: String) throws -> any PasswordHashing

    /// Hashes a password with a new salt.
    func hash(_ password: Secret) async throws -> String

    /// Whether a hash is that of a password.
    func matches(_ password: Secret, _ hash: String) async throws -> Bool

    /// Derives bytes from a string and a salt with the slow hash, in base64url; as slow as `hash`.
    func derive(_ text: Secret, salt: String) async throws -> Secret

    /// The part of an address by which callers are counted; for IPv6, its network.
    func origin(of address: String) -> String
}

extension PasswordHashing {
    /// The hash to store for a password: a new one, or the password itself if it already is a hash.
    func kept(_ password: String) async throws -> String {
        guard form(of: password) == .plain else { return password }
        return try await hash(Secret(OpaqueString.normal(password) ?? password))
    }
}
