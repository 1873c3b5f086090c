// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The kit's cryptography service, implemented with OpenSSL.
public struct SystemCryptography: CryptographyService {
    /// Creates the service.
    public init() {}

    /// The SHA-256 digest of a string, in base64url.
    public func digest(_ text: String) -> String {
        Base64URL.encode(Digest.sha256(Array(text.utf8)))
    }

    /// The left half of a string's digest with the hash of a signature algorithm, in base64url (OpenID Connect Core
    /// section 3.1.3.6).
    public func leftHalf(_ text: String, algorithm: String) -> String {
        let digest = Digest.of(Array(text.utf8), bits: Digest.bits(of: algorithm))
        return Base64URL.encode(Array(digest.prefix(digest.count / 2)))
    }
}
