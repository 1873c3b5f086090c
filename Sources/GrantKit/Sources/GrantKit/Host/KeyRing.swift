// SPDX-License-Identifier: Apache-2.0

/// Uses the server's own keys.
///
/// Plugins never see the keys themselves. The keys may be in hardware or in another service. So every function that
/// uses one throws `StoreError` before `start` and while the keys cannot be reached, which becomes
/// `temporarily_unavailable`. Any other error, such as one of the cryptography, becomes `server_error`. A value that
/// this server did not make is not an error.
public protocol KeyRing: Sendable {
    /// Signs claims as a compact JWS (RFC 7515 section 7.1).
    ///
    /// - Parameters:
    ///   - claims: The claims.
    ///   - type: The `typ` of the header.
    ///   - algorithm: The `alg`, which a plugin must have registered; nil for the server's first algorithm.
    /// - Returns: The token.
    /// - Throws: `ConfigurationError` if no plugin has registered the algorithm; an error of the keys.
    func sign(_ claims: JSON, type: String, algorithm: String?) async throws -> String

    /// The header and claims of a compact JWS that this server signed; nil for anything else.
    ///
    /// - Parameters:
    ///   - token: The token.
    ///   - type: The `typ` that the header must have.
    /// - Returns: The verified token.
    /// - Throws: An error of the keys.
    func verify(_ token: String, type: String) async throws -> VerifiedJWT?

    /// A message authentication code with a separate key for each purpose, in the characters of base64url.
    ///
    /// The code names its key, so it stays valid when keys rotate.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - purpose: The purpose of the code; it is valid for no other.
    /// - Returns: The code.
    /// - Throws: An error of the keys.
    func authenticationCode(_ message: String, purpose: String) async throws -> String

    /// Whether this server made a message authentication code for a purpose.
    ///
    /// The comparison takes constant time.
    ///
    /// - Parameters:
    ///   - code: The code.
    ///   - message: The message.
    ///   - purpose: The purpose of the code.
    /// - Returns: Whether the code is authentic.
    /// - Throws: An error of the keys.
    func isAuthentic(_ code: String, over message: String, purpose: String) async throws -> Bool

    /// Seals a string: only this server can read it, and a changed string does not open (RFC 5116).
    ///
    /// - Parameters:
    ///   - text: The string.
    ///   - purpose: The purpose; the result opens for no other.
    /// - Returns: The sealed string, in the characters of base64url and dots. It names its key, so it stays readable
    ///   when keys rotate.
    /// - Throws: An error of the keys.
    func seal(_ text: String, purpose: String) async throws -> String

    /// The string that was sealed for a purpose; nil for anything else.
    ///
    /// - Parameters:
    ///   - sealed: The sealed string.
    ///   - purpose: The purpose.
    /// - Returns: The string.
    /// - Throws: An error of the keys.
    func open(_ sealed: String, purpose: String) async throws -> String?

    /// The signature algorithms that a plugin can register, the default first; known before `start`.
    var algorithms: [String] { get }
}
