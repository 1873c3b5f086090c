// SPDX-License-Identifier: Apache-2.0

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
        guard signature.count == 2 * curve.width else { return nil }
        let numbers = integer(signature.prefix(curve.width)) + integer(signature.suffix(curve.width))
        // The two numbers of P-521 take more than 127 bytes, whose count then has a byte of its own.
        let length = numbers.count < 0x80 ? [UInt8(numbers.count)] : [0x81, UInt8(truncatingIfNeeded: numbers.count)]
        return [0x30] + length + numbers
    }

    /// A number as a DER integer: without zeros in front, but with one if it would be negative otherwise.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        let digits = bytes.dropLast().drop { $0 == 0 } + bytes.suffix(1)
        let sign: [UInt8] = (digits.first ?? 0) >= 0x80 ? [0] : []
        return [0x02, UInt8(truncatingIfNeeded: sign.count + digits.count)] + sign + digits
    }
}
