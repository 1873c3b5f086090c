// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import GrantKit
import OutsideText

extension Digest {
    /// The length in bits of a signature algorithm's digest (RFC 7518 section 3.1, RFC 8032 section 5.1).
    static func bits(of algorithm: String) -> Int {
        if algorithm.raw.ends(with: "384") { return 384 }
        return algorithm.raw.ends(with: "512") || algorithm == "EdDSA" ? 512 : 256
    }

    /// The SHA-2 digest of some bytes (FIPS 180-4).
    static func of(_ bytes: [UInt8], bits: Int) -> [UInt8] {
        // Safe: the array has the length of the digest.
        guard bits != 256 else { return sha256(bytes) }
        var digest = [UInt8](repeating: 0, count: bits / 8)
        unsafe EVP_Digest(bytes, bytes.count, &digest, nil, bits == 384 ? EVP_sha384() : EVP_sha512(), nil)
        return digest
    }
}
