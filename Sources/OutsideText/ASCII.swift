// SPDX-License-Identifier: Apache-2.0

/// Functions on ASCII bytes.
public enum ASCII {
    /// The byte of a letter in lower case; every other byte is unchanged.
    @inlinable
    public static func lowercase(_ byte: UInt8) -> UInt8 {
        0x41...0x5A ~= byte ? byte | 0x20 : byte
    }

    /// Whether a byte is a letter.
    @inlinable
    public static func isLetter(_ byte: UInt8) -> Bool {
        0x61...0x7A ~= byte | 0x20
    }

    /// Whether a byte is a letter or a digit.
    @inlinable
    public static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isLetter(byte) || 0x30...0x39 ~= byte
    }

    /// The value of a hexadecimal digit; nil for any other byte.
    @inlinable
    public static func hexadecimal(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
