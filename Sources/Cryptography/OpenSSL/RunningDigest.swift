// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// The SHA-256 digest of bytes that arrive one part after another (FIPS 180-4).
@safe public final class RunningDigest {
    // Safe: the context belongs to this object alone.
    private let context = unsafe EVP_MD_CTX_new()
    private var isGood: Bool

    /// Begins a digest.
    public init() {
        isGood = unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Adds bytes.
    public func add(_ bytes: [UInt8]) {
        // Safe: OpenSSL is told the length of the array.
        if unsafe EVP_DigestUpdate(context, bytes, bytes.count) != 1 { isGood = false }
    }

    /// Ends the digest; nothing can be added after that.
    ///
    /// - Returns: The digest in hexadecimal digits.
    /// - Throws: `CryptographyError`.
    public func end() throws -> String {
        // Safe: the array has the length of the digest.
        var digest = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe isGood && EVP_DigestFinal_ex(context, &digest, nil) == 1
        isGood = false
        guard isDone else { throw CryptographyError("a digest could not be computed") }
        let digits = Array("0123456789abcdef")
        return digest.map { String([digits[Int($0 >> 4)], digits[Int($0 & 15)]]) }.joined()
    }
}
