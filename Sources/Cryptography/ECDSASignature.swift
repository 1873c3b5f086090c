// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Turns the two numbers of an ECDSA signature from OpenSSL's form into that of JOSE and back.
enum ECDSASignature {
    /// R and S in a fixed width, one after the other (RFC 7518 section 3.4).
    ///
    /// - Throws: `CryptographyError`.
    static func fixedWidth(_ encoded: [UInt8], _ length: Int, _ width: Int) throws -> [UInt8] {
        let signature = encoded.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_ECDSA_SIG(nil, &start, length)
        }
        guard let signature else { throw CryptographyError("OpenSSL made an unreadable signature") }
        defer { ECDSA_SIG_free(signature) }
        var fixed = [UInt8](repeating: 0, count: 2 * width)
        fixed.withUnsafeMutableBufferPointer { buffer in
            BN_bn2binpad(ECDSA_SIG_get0_r(signature), buffer.baseAddress, Int32(width))
            BN_bn2binpad(ECDSA_SIG_get0_s(signature), buffer.baseAddress.map { $0 + width }, Int32(width))
        }
        return fixed
    }

    /// The DER that OpenSSL verifies, or nil if the length is not that of the curve.
    static func distinguished(_ signature: [UInt8], _ curve: Curve) -> [UInt8]? {
        let width = curve.width
        guard signature.count == 2 * width, let pair = ECDSA_SIG_new() else { return nil }
        defer { ECDSA_SIG_free(pair) }
        let halves = signature.withUnsafeBufferPointer { buffer in
            (
                BN_bin2bn(buffer.baseAddress, Int32(width), nil),
                BN_bin2bn(buffer.baseAddress.map { $0 + width }, Int32(width), nil)
            )
        }
        // On success the pair owns both numbers.
        guard ECDSA_SIG_set0(pair, halves.0, halves.1) == 1 else { return nil }
        var encoded = [UInt8](repeating: 0, count: 2 * width + 16)
        let length = encoded.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return i2d_ECDSA_SIG(pair, &start)
        }
        return length > 0 ? Array(encoded.prefix(Int(length))) : nil
    }
}
