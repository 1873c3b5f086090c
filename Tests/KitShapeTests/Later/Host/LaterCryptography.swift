// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of what `CryptographyService` will get: bytes, and keys that a plugin has.
///
/// None of it needs a key of the server, so it stays synchronous.
protocol LaterCryptography: CryptographyService {
    /// The SHA-256 digest of bytes, as base64url.
    func digest(_ bytes: [UInt8]) -> String
    /// The bytes of an HMAC (RFC 2104). The algorithm is `HS1`, `HS256`, `HS384` or `HS512`.
    func authenticationCode(_ message: [UInt8], key: [UInt8], algorithm: String) -> [UInt8]
    /// Whether a signature over bytes is that of a public key (RFC 7517).
    func isSignature(_ signature: [UInt8], over message: [UInt8], by key: JSON) -> Bool
    /// The bytes of base64url; nil if it is malformed.
    func bytes(base64url encoded: String) -> [UInt8]?
}
