// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit

/// Digests and random bytes.
public enum Digest {
    /// The SHA-256 digest of some bytes (FIPS 180-4).
    public static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        // Can only fail if OpenSSL has no SHA-256 at all, which `check` finds at the start.
        HashFunction.sha256.digest(bytes)
    }

    /// The HMAC-SHA-256 of some bytes (RFC 2104).
    public static func hmac(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        HashFunction.sha256.code(bytes, key: key)
    }

    /// Random bytes from OpenSSL's generator, which the kernel seeds, or from the kernel if that fails.
    public static func random(_ count: Int) -> [UInt8] {
        // Safe: OpenSSL is told the length of the array.
        var bytes = [UInt8](repeating: 0, count: count)
        if unsafe RAND_bytes(&bytes, Int32(count)) == 1 { return bytes }
        var kernel = SystemRandomNumberGenerator()
        return bytes.map { _ in kernel.next() }
    }

    /// Checks at the start that OpenSSL's SHA-256 works, which the rest of this file assumes.
    ///
    /// - Throws: `CryptographyError`.
    public static func check() throws {
        let expected = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        let digits = Array("0123456789abcdef")
        let digest = sha256([]).map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
        guard digest == expected else { throw CryptographyError("OpenSSL's SHA-256 does not work") }
    }
}
