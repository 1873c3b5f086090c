// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The digests that a server lends, with the same results.
struct TestCryptography: CryptographyService {
    func digest(_ text: String) -> String {
        Base64.encode(Digest.sha256(Array(text.utf8)))
    }

    /// Only SHA-256 is there, which is right for the algorithms of `TestKeys`.
    func leftHalf(_ text: String, algorithm: String) -> String {
        Base64.encode(Array(Digest.sha256(Array(text.utf8)).prefix(16)))
    }
}
