// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The form of header fields (RFC 9110 section 5).
enum HeaderField {
    /// A name in lower case.
    static func lowercased(_ name: String) -> String {
        name.hasOnlyBytes { !(0x41...0x5A ~= $0) } ? name : name.raw.lowercased()
    }

    /// A value without spaces and tabs at its ends.
    static func trimmed(_ value: String) -> String {
        let bytes = value.utf8
        guard isSpace(bytes.first) || isSpace(bytes.last) else { return value }
        return value.raw.trimmed().string
    }

    /// The number that a value consists of, or the largest possible one if it is larger; nil if it is no number.
    static func number(_ value: String) -> Int? {
        guard !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int(value) ?? .max
    }

    /// Whether a string is a name (a `token`), so that it may be sent.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty && text.hasOnlyBytes { ASCII.isLetterOrDigit($0) || isMark($0) }
    }

    /// A value that may be sent: control characters, which could begin another field, are replaced by spaces.
    static func sendable(_ value: String) -> String {
        if value.hasOnlyBytes({ !isControl($0) }) { return value }
        return String(decoding: value.utf8.map { isControl($0) ? 0x20 : $0 }, as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8?) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 && byte != 0x09 || byte == 0x7F }

    private static func isMark(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
