// SPDX-License-Identifier: Apache-2.0

/// Base64url without padding (RFC 4648 section 5).
enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var encoded: [UInt8] = []
        var (bits, count) = (UInt32(0), UInt32(0))
        for byte in bytes {
            (bits, count) = (bits << 8 | UInt32(byte), count + 8)
            while count >= 6 {
                count -= 6
                encoded.append(digits[Int(bits >> count & 63)])
            }
        }
        if count > 0 { encoded.append(digits[Int(bits << (6 - count) & 63)]) }
        return String(decoding: encoded, as: UTF8.self)
    }

    /// The bytes; nil if the string is not exactly what `encode` makes of them.
    static func decode(_ text: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (UInt32(0), UInt32(0))
        for character in text {
            guard let digit = digits.firstIndex(of: character) else { return nil }
            (bits, count) = (bits << 6 | UInt32(digit), count + 6)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> count))
        }
        // The bits of the last digit that belong to no byte must be zero, or there would be several ways to write it.
        guard count < 6, bits & (1 << count - 1) == 0 else { return nil }
        return bytes
    }
}
