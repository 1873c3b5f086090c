// SPDX-License-Identifier: Apache-2.0

/// Text from outside, as bytes.
///
/// A `String` splits, counts, searches, folds and compares by Characters, and the author of the text decides what those
/// are: a comma with an accent behind it is no comma, CR LF is one Character, and "K" equals the Kelvin sign. Here a
/// comma is a byte. Nothing is copied until a `String` is asked for.
public struct RawText: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The bytes, in UTF-8.
    public let bytes: Substring.UTF8View

    /// The bytes of a string.
    @inlinable
    public init(_ text: String) {
        bytes = Substring(text).utf8
    }

    /// A part of a string, cut between two of its bytes.
    @inlinable
    public init(_ bytes: Substring.UTF8View) {
        self.bytes = bytes
    }

    /// The bytes of a literal.
    @inlinable
    public init(stringLiteral text: String) {
        self.init(text)
    }

    /// The text as a string, to keep or to show.
    @inlinable
    public var string: String { String(Substring(bytes)) }

    /// Whether there is no byte.
    @inlinable
    public var isEmpty: Bool { bytes.isEmpty }

    /// How many bytes there are.
    @inlinable
    public var count: Int { bytes.count }

    /// Whether every byte is printable ASCII or a space: such text equals another only if their bytes are the same.
    @inlinable
    public var isPlain: Bool { bytes.allSatisfy { 0x20...0x7E ~= $0 } }

    // MARK: comparing

    /// Whether two texts have the same bytes.
    @inlinable
    public static func == (left: RawText, right: RawText) -> Bool {
        left.bytes.elementsEqual(right.bytes)
    }

    /// Hashes the bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        for byte in bytes { hasher.combine(byte) }
    }

    /// Whether this is a word in ASCII, in capitals or not.
    @inlinable
    public func isWord(_ word: String) -> Bool {
        bytes.elementsEqual(word.utf8) { RawText.folded($0) == RawText.folded($1) }
    }

    /// Whether it begins with some bytes.
    @inlinable
    public func starts(with other: String) -> Bool {
        bytes.starts(with: other.utf8)
    }

    /// Whether it ends with some bytes.
    @inlinable
    public func ends(with other: String) -> Bool {
        bytes.reversed().starts(with: other.utf8.reversed())
    }

    /// Whether some bytes are in it, one after another.
    public func contains(_ other: String) -> Bool {
        place(of: other) != nil
    }

    /// Where some bytes begin in it.
    private func place(of other: String) -> String.Index? {
        guard let first = other.utf8.first else { return bytes.startIndex }
        var rest = bytes
        while let place = rest.firstIndex(of: first) {
            if rest[place...].starts(with: other.utf8) { return place }
            rest = rest[rest.index(after: place)...]
        }
        return nil
    }

    // MARK: taking apart

    /// The parts between an ASCII character; the empty ones only if they are asked for.
    @inlinable
    public func split(at separator: Unicode.Scalar, keepingEmpty empty: Bool = false) -> [RawText] {
        bytes.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: !empty).map { RawText($0) }
    }

    /// What is before the first one of an ASCII character, and what is behind it; nil if there is none.
    @inlinable
    public func cut(at separator: Unicode.Scalar) -> (before: RawText, behind: RawText)? {
        guard let place = bytes.firstIndex(of: UInt8(ascii: separator)) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[bytes.index(after: place)...]))
    }

    /// What is before the first one of some bytes, and what is behind them; nil if they are not in it.
    public func cut(at separator: String) -> (before: RawText, behind: RawText)? {
        guard let place = place(of: separator) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[place...].dropFirst(separator.utf8.count)))
    }

    /// What is before the last one of an ASCII character, and what is behind it; nil if there is none.
    @inlinable
    public func cut(atLast separator: Unicode.Scalar) -> (before: RawText, behind: RawText)? {
        guard let place = bytes.lastIndex(of: UInt8(ascii: separator)) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[bytes.index(after: place)...]))
    }

    /// The text up to the first one of an ASCII character, which may be missing.
    @inlinable
    public func up(to separator: Unicode.Scalar) -> RawText {
        RawText(bytes.prefix { $0 != UInt8(ascii: separator) })
    }

    /// The text without some bytes at its beginning.
    @inlinable
    public func dropFirst(_ length: Int = 1) -> RawText {
        RawText(bytes.dropFirst(length))
    }

    /// The text without some bytes at its end.
    @inlinable
    public func dropLast(_ length: Int = 1) -> RawText {
        RawText(bytes.dropLast(length))
    }

    /// The text without spaces and tabs at its ends (`OWS` of RFC 9110 section 5.6.3).
    @inlinable
    public func trimmed() -> RawText {
        let rest = bytes.drop(while: RawText.isSpace)
        let end = rest.lastIndex { !RawText.isSpace($0) }.map { rest.index(after: $0) } ?? rest.startIndex
        return RawText(rest[..<end])
    }

    /// The longest beginning of at most so many bytes that does not cut a code point in two.
    public func prefix(_ length: Int) -> RawText {
        var end = bytes.index(bytes.startIndex, offsetBy: length, limitedBy: bytes.endIndex) ?? bytes.endIndex
        while end > bytes.startIndex, end < bytes.endIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        return RawText(bytes[..<end])
    }

    // MARK: changing

    /// The text with the capitals of ASCII as small letters; all else stays as it is.
    public func lowercased() -> String {
        String(decoding: bytes.map(RawText.folded), as: UTF8.self)
    }

    /// The text with something else for each one of an ASCII character.
    public func replacing(_ character: Unicode.Scalar, with other: String) -> String {
        guard bytes.contains(UInt8(ascii: character)) else { return string }
        var result: [UInt8] = []
        for byte in bytes { if byte == UInt8(ascii: character) { result += other.utf8 } else { result.append(byte) } }
        return String(decoding: result, as: UTF8.self)
    }

    @usableFromInline
    static func folded(_ byte: UInt8) -> UInt8 { 0x41...0x5A ~= byte ? byte | 0x20 : byte }

    @usableFromInline
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension String {
    /// The string as text from outside.
    @inlinable
    public var raw: RawText { RawText(self) }
}

extension Dictionary where Key == String {
    /// The value of the key that has the same bytes; a plain look-up also finds one that only looks alike.
    @inlinable
    public subscript(exactly key: String) -> Value? {
        guard let place = index(forKey: key), self[place].key.utf8.elementsEqual(key.utf8) else { return nil }
        return self[place].value
    }
}
