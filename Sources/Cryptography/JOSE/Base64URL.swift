// SPDX-License-Identifier: Apache-2.0

/// Base64url without padding (RFC 7515 section 2).
public enum Base64URL {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Encodes bytes and appends the result to a buffer.
    ///
    /// Not generic, since calls of generic functions from another module are slow.
    public static func encode(_ bytes: [UInt8], to buffer: inout [UInt8]) {
        // Safe: 'write' fills exactly the capacity.
        unsafe buffer += [UInt8](unsafeUninitializedCapacity: length(bytes.count)) { $1 = unsafe write(bytes, to: $0) }
    }

    /// Encodes bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        // Safe: 'write' fills exactly the capacity.
        unsafe String(unsafeUninitializedCapacity: length(bytes.count)) { unsafe write(bytes, to: $0) }
    }

    private static func length(_ count: Int) -> Int {
        (count * 4 + 2) / 3
    }

    private static func write(_ bytes: [UInt8], to buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
        // Safe: the buffer has the length that 'length' computes, and 'written' stays below it.
        unsafe digits.withUnsafeBufferPointer { digits in
            var (place, written) = (0, 0)
            while place + 2 < bytes.count {
                let bits = UInt32(bytes[place]) << 16 | UInt32(bytes[place + 1]) << 8 | UInt32(bytes[place + 2])
                unsafe buffer[written] = unsafe digits[Int(bits >> 18)]
                unsafe buffer[written + 1] = unsafe digits[Int(bits >> 12 & 63)]
                unsafe buffer[written + 2] = unsafe digits[Int(bits >> 6 & 63)]
                unsafe buffer[written + 3] = unsafe digits[Int(bits & 63)]
                (place, written) = (place + 3, written + 4)
            }
            guard place < bytes.count else { return written }
            // One remaining byte becomes two digits, two become three.
            let isPair = place + 1 < bytes.count
            let bits = UInt32(bytes[place]) << 16 | (isPair ? UInt32(bytes[place + 1]) << 8 : 0)
            unsafe buffer[written] = unsafe digits[Int(bits >> 18)]
            unsafe buffer[written + 1] = unsafe digits[Int(bits >> 12 & 63)]
            if isPair { unsafe buffer[written + 2] = unsafe digits[Int(bits >> 6 & 63)] }
            return written + (isPair ? 3 : 2)
        }
    }

    /// Decodes text; nil if it contains padding, an invalid character or non-zero trailing bits.
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 3 / 4)
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for character in text {
            guard let value = value(of: character) else { return nil }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
            }
        }
        guard count < 6, bits & (1 << count - 1) == 0 else { return nil }
        return bytes
    }

    /// Decodes text in either alphabet of RFC 4648 sections 4 and 5, with or without padding; nil if it is invalid.
    static func decode(either text: some Collection<UInt8>) -> [UInt8]? {
        let characters = text.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.dropFirst(characters.count)
        guard padding.count <= 2, padding.allSatisfy({ $0 == UInt8(ascii: "=") }) else { return nil }
        return decode(
            characters.map {
                switch $0 {
                case UInt8(ascii: "+"): UInt8(ascii: "-")
                case UInt8(ascii: "/"): UInt8(ascii: "_")
                default: $0
                }
            })
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0")) + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
