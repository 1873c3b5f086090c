// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// Converts ECDSA signatures between OpenSSL's format (DER) and that of JOSE.
enum ECDSASignature {
    /// R and S in fixed width, one after the other (RFC 7518 section 3.4).
    ///
    /// Parsed by hand: OpenSSL writes two integers with one length byte each, after a length of one byte, or of two for
    /// P-521. OpenSSL's own parser would first convert them to big numbers, which takes a fiftieth of the time of a
    /// signature.
    ///
    /// - Throws: `CryptographyError`.
    static func fixedWidth(_ encoded: [UInt8], _ length: Int, _ width: Int) throws -> [UInt8] {
        var fixed = [UInt8](repeating: 0, count: 2 * width)
        var place = length > 1 && encoded[1] == 0x81 ? 3 : 2
        for end in [width, 2 * width] {
            guard place + 2 <= length, encoded[place] == 0x02, place + 2 + Int(encoded[place + 1]) <= length else {
                throw CryptographyError("OpenSSL made an unreadable signature")
            }
            let next = place + 2 + Int(encoded[place + 1])
            let number = encoded[(place + 2)..<next].drop { $0 == 0 }
            guard number.count <= width else { throw CryptographyError("OpenSSL made an unreadable signature") }
            for (offset, byte) in number.enumerated() { fixed[end - number.count + offset] = byte }
            place = next
        }
        return fixed
    }

    /// The signature in DER for OpenSSL; nil if its length does not match the curve.
    static func distinguished(_ signature: [UInt8], _ curve: Curve) -> [UInt8]? {
        // Safe: the length of the signature is checked, so each half has 'width' bytes; the buffer is longer than the
        // longest DER.
        let width = curve.width
        guard signature.count == 2 * width, let pair = unsafe ECDSA_SIG_new() else { return nil }
        defer { unsafe ECDSA_SIG_free(pair) }
        let halves = unsafe signature.withUnsafeBufferPointer { buffer in
            unsafe (
                BN_bin2bn(buffer.baseAddress, Int32(width), nil),
                BN_bin2bn(buffer.baseAddress.map { unsafe $0 + width }, Int32(width), nil)
            )
        }
        // On success the pair owns both numbers.
        guard unsafe ECDSA_SIG_set0(pair, halves.0, halves.1) == 1 else { return nil }
        var encoded = [UInt8](repeating: 0, count: 2 * width + 16)
        let length = unsafe encoded.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            return unsafe i2d_ECDSA_SIG(pair, &start)
        }
        return length > 0 ? Array(encoded.prefix(Int(length))) : nil
    }
}
