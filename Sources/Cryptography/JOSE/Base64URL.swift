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
        // Safe: the text exists while it is read.
        text.withContiguousStorageIfAvailable { unsafe decode($0) } ?? decode(Array(text))
    }

    private static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        let rest = text.count % 4
        guard rest != 1 else { return nil }
        var isValid = true
        let length = text.count / 4 * 3 + max(rest - 1, 0)
        // Safe: three bytes are written for each whole group, and 'rest' - 1 for the last one, which is the capacity.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: length) { buffer, written in
            let values = values
            for place in stride(from: 0, to: text.count - rest, by: 4) {
                let bits = unsafe bits(values, text[place], text[place + 1], text[place + 2], text[place + 3])
                isValid = isValid && bits <= 0xFF_FFFF
                unsafe buffer[written] = UInt8(truncatingIfNeeded: bits >> 16)
                unsafe buffer[written + 1] = UInt8(truncatingIfNeeded: bits >> 8)
                unsafe buffer[written + 2] = UInt8(truncatingIfNeeded: bits)
                written += 3
            }
            guard rest > 1 else { return }
            let third = rest == 3 ? unsafe text[text.count - 1] : UInt8(ascii: "A")
            let bits = unsafe bits(
                values, text[text.count - rest], text[text.count - rest + 1], third, UInt8(ascii: "A"))
            // Two digits are one byte and four bits, three digits are two bytes and two bits.
            isValid = isValid && bits <= 0xFF_FFFF && bits & (rest == 2 ? 0xFFFF : 0xFF) == 0
            unsafe buffer[written] = UInt8(truncatingIfNeeded: bits >> 16)
            if rest == 3 { unsafe buffer[written + 1] = UInt8(truncatingIfNeeded: bits >> 8) }
            written += rest - 1
        }
        return isValid ? bytes : nil
    }

    /// The 24 bits of four digits; more than 24 if one of them is none.
    private static func bits(
        _ values: [UInt32], _ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8
    ) -> UInt32 {
        values[Int(first)] << 18 | values[Int(second)] << 12 | values[Int(third)] << 6 | values[Int(fourth)]
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

    /// The six bits of each character; all bits for one that is no digit.
    private static let values: [UInt32] = {
        var values = [UInt32](repeating: .max, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt32(value) }
        return values
    }()
}
