// SPDX-License-Identifier: Apache-2.0

/// Uses the server's own keys; none of them leaves it.
///
/// The keys may be in a service that is asked over a network. Every function that uses one therefore throws
/// `StoreError` before `start` and while the keys cannot be reached, which is answered as `temporarily_unavailable`.
/// Any other error, such as one of the cryptography, is answered as `server_error`. What is not of this server is not
/// an error.
public protocol KeyRing: Sendable {
    /// Signs claims as a compact JWS (RFC 7515 section 7.1).
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - type: The `typ` of the header.
    ///   - algorithm: The `alg`, which a plugin asked for when it registered, or nil for the server's first.
    /// - Returns: The token.
    /// - Throws: `ConfigurationError` if nothing asked for the algorithm; an error of the keys.
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String

    /// The claims of a compact JWS that this server signed, or nil if it is anything else.
    ///
    /// - Throws: An error of the keys.
    func verify(_ token: String, type: String) async throws -> VerifiedJWT?

    /// An authentication code over a message, in the characters of base64url, under a key of its own for each purpose.
    ///
    /// It names the key that made it, so that codes outlive a change of keys.
    ///
    /// - Throws: An error of the keys.
    func authenticationCode(_ message: String, purpose: String) async throws -> String

    /// Whether a code is one that this server made over a message for a purpose; compared in constant time.
    ///
    /// - Throws: An error of the keys.
    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool

    /// Seals a string, so that only this server can read it and any change to it shows (RFC 5116).
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - purpose: What it is sealed for; it opens for no other purpose.
    /// - Returns: The sealed text, in the characters of base64url and dots; it names its key, so that it outlives a
    ///   change of keys.
    /// - Throws: An error of the keys.
    func seal(_ text: String, purpose: String) async throws -> String

    /// The text that was sealed for a purpose, or nil if it is anything else.
    ///
    /// - Throws: An error of the keys.
    func open(_ sealed: String, purpose: String) async throws -> String?

    /// The algorithms that can be asked for, the usual one first; known before `start`.
    var algorithms: [String] { get }
}
