// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// What the kit promises of cryptography, by OpenSSL.
public struct SystemCryptography: CryptographyService {
    /// Makes the service.
    public init() {}

    /// The SHA-256 digest of a text, as base64url.
    public func digest(_ text: String) -> String {
        Base64URL.encode(Digest.sha256(Array(text.utf8)))
    }
}
