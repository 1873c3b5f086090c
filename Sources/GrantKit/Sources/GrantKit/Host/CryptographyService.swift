// SPDX-License-Identifier: Apache-2.0

/// Cryptography that needs no key of the server.
public protocol CryptographyService: Sendable {
    /// The SHA-256 digest of a string, as base64url: how a secret is stored.
    func digest(_ text: String) -> String

    /// The left half of a string's digest, as `at_hash` and `c_hash` hold it (OpenID Connect Core section 3.1.3.6).
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - algorithm: The `alg` of the token that will hold it, which says which digest is meant.
    /// - Returns: The half, as base64url.
    func leftHalf(_ text: String, algorithm: String) -> String
}
