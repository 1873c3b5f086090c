// SPDX-License-Identifier: Apache-2.0

/// Uses the server's own keys; none of them leaves it.
public protocol KeyRing: Sendable {
    /// Signs claims as a compact JWS (RFC 7515 section 7.1).
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - type: The `typ` of the header.
    ///   - algorithm: The `alg`, which a plugin asked for when it registered, or nil for the server's first.
    /// - Returns: The token.
    /// - Throws: `ConfigurationError` if nothing asked for the algorithm.
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String

    /// The claims of a compact JWS that this server signed, or nil if it is anything else.
    func verify(_ token: String, type: String) -> VerifiedJWT?

    /// An authentication code over a message, in the characters of base64url, under a key of its own for each purpose.
    ///
    /// It names the key that made it, so that codes outlive a change of keys.
    func authenticationCode(_ message: String, purpose: String) -> String

    /// Whether a code is one that this server made over a message for a purpose; compared in constant time.
    func isAuthentic(_ code: String, over message: String, purpose: String) -> Bool

    /// Seals a string, so that only this server can read it and any change to it shows (RFC 5116).
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - purpose: What it is sealed for; it opens for no other purpose.
    /// - Returns: The sealed text, in the characters of base64url and dots; it names its key, so that it outlives a
    ///   change of keys.
    /// - Throws: `StoreError` before `start`; what the cryptography throws.
    func seal(_ text: String, purpose: String) throws -> String

    /// The text that was sealed for a purpose, or nil if it is anything else.
    func open(_ sealed: String, purpose: String) -> String?

    /// The algorithms that can be asked for, the usual one first; known before `start`.
    var algorithms: [String] { get }
}
