// SPDX-License-Identifier: Apache-2.0

/// Cryptography that needs none of the server's keys.
public protocol CryptographyService: Sendable {
    /// The SHA-256 digest of a string in base64url.
    ///
    /// Store this instead of a secret.
    func digest(_ text: String) -> String

    /// The left half of a string's digest, for `at_hash` and `c_hash` (OpenID Connect Core section 3.3.2.11).
    ///
    /// - Parameters:
    ///   - text: The string.
    ///   - algorithm: The `alg` of the token that will contain it, which decides the digest.
    /// - Returns: The half in base64url.
    func leftHalf(_ text: String, algorithm: String) -> String
}
