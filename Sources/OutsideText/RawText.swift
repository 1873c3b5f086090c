// SPDX-License-Identifier: Apache-2.0

/// Text from outside, as bytes.
///
/// A `String` is split, counted, searched, folded and compared by Characters, which the author of the text controls: a
/// comma followed by a combining accent is not a comma, CR LF is one Character, and "K" equals the Kelvin sign. Here, a
/// comma is a byte. Nothing is copied until you ask for a `String`.
public struct RawText: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The bytes, in UTF-8.
    public let bytes: Substring.UTF8View

    /// Creates text from the bytes of a string.
    @inlinable
    public init(_ text: String) {
        bytes = Substring(text).utf8
    }

    /// Creates text from a part of a string, cut between any two bytes.
    @inlinable
    public init(_ bytes: Substring.UTF8View) {
        self.bytes = bytes
    }

    /// Creates text from the bytes of a literal.
    @inlinable
    public init(stringLiteral text: String) {
        self.init(text)
    }

    /// The text as a string, to store or to show.
    @inlinable
    public var string: String { String(Substring(bytes)) }

    /// Whether the text is empty.
    @inlinable
    public var isEmpty: Bool { bytes.isEmpty }

    /// The number of bytes.
    @inlinable
    public var count: Int { bytes.count }

    /// Whether every byte is printable ASCII or a space; as a `String`, such text equals another only byte by byte.
    @inlinable
    public var isPlain: Bool { bytes.allSatisfy { 0x20...0x7E ~= $0 } }

    // MARK: comparing

    /// Whether two strings have the same bytes.
    @inlinable
    public static func == (left: RawText, right: RawText) -> Bool {
        left.bytes.elementsEqual(right.bytes)
    }

    /// Hashes the bytes.
    @inlinable
    public func hash(into hasher: inout Hasher) {
        for byte in bytes { hasher.combine(byte) }
    }

    /// Whether the text equals an ASCII word, ignoring case.
    @inlinable
    public func isWord(_ word: String) -> Bool {
        bytes.elementsEqual(word.utf8) { ASCII.lowercase($0) == ASCII.lowercase($1) }
    }

    /// Whether the text starts with the bytes of another.
    @inlinable
    public func starts(with other: String) -> Bool {
        bytes.starts(with: other.utf8)
    }

    /// Whether the text ends with the bytes of another.
    @inlinable
    public func ends(with other: String) -> Bool {
        bytes.reversed().starts(with: other.utf8.reversed())
    }

    /// Whether the text contains the bytes of another.
    public func contains(_ other: String) -> Bool {
        place(of: other) != nil
    }

    /// The place where the bytes of another text first occur.
    private func place(of other: String) -> String.Index? {
        guard let first = other.utf8.first else { return bytes.startIndex }
        var rest = bytes
        while let place = rest.firstIndex(of: first) {
            if rest[place...].starts(with: other.utf8) { return place }
            rest = rest[rest.index(after: place)...]
        }
        return nil
    }

    // MARK: splitting

    /// The parts separated by an ASCII character, without empty ones by default.
    @inlinable
    public func split(at separator: Unicode.Scalar, keepingEmpty empty: Bool = false) -> [RawText] {
        bytes.split(separator: UInt8(ascii: separator), omittingEmptySubsequences: !empty).map { RawText($0) }
    }

    /// The text before and after the first occurrence of an ASCII character; nil if there is none.
    @inlinable
    public func cut(at separator: Unicode.Scalar) -> (before: RawText, behind: RawText)? {
        guard let place = bytes.firstIndex(of: UInt8(ascii: separator)) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[bytes.index(after: place)...]))
    }

    /// The text before and after the first occurrence of some bytes; nil if there is none.
    public func cut(at separator: String) -> (before: RawText, behind: RawText)? {
        guard let place = place(of: separator) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[place...].dropFirst(separator.utf8.count)))
    }

    /// The text before and after the last occurrence of an ASCII character; nil if there is none.
    @inlinable
    public func cut(atLast separator: Unicode.Scalar) -> (before: RawText, behind: RawText)? {
        guard let place = bytes.lastIndex(of: UInt8(ascii: separator)) else { return nil }
        return (RawText(bytes[..<place]), RawText(bytes[bytes.index(after: place)...]))
    }

    /// The text before the first occurrence of an ASCII character, or the whole text if there is none.
    @inlinable
    public func up(to separator: Unicode.Scalar) -> RawText {
        RawText(bytes.prefix { $0 != UInt8(ascii: separator) })
    }

    /// The text without a number of bytes at its beginning.
    @inlinable
    public func dropFirst(_ length: Int = 1) -> RawText {
        RawText(bytes.dropFirst(length))
    }

    /// The text without a number of bytes at its end.
    @inlinable
    public func dropLast(_ length: Int = 1) -> RawText {
        RawText(bytes.dropLast(length))
    }

    /// The text without spaces and tabs at both ends (`OWS` of RFC 9110 section 5.6.3).
    @inlinable
    public func trimmed() -> RawText {
        let rest = bytes.drop(while: RawText.isSpace)
        let end = rest.lastIndex { !RawText.isSpace($0) }.map { rest.index(after: $0) } ?? rest.startIndex
        return RawText(rest[..<end])
    }

    /// The longest prefix of at most the given number of bytes that does not split a code point.
    public func prefix(_ length: Int) -> RawText {
        var end = bytes.index(bytes.startIndex, offsetBy: length, limitedBy: bytes.endIndex) ?? bytes.endIndex
        while end > bytes.startIndex, end < bytes.endIndex, bytes[end] & 0xC0 == 0x80 { end = bytes.index(before: end) }
        return RawText(bytes[..<end])
    }

    // MARK: changing

    /// The text with ASCII letters in lower case; everything else is unchanged.
    public func lowercased() -> String {
        // Safe: the buffer has room for all bytes, and those that are written are counted.
        unsafe bytes.withContiguousStorageIfAvailable { source in
            unsafe String(unsafeUninitializedCapacity: source.count) { target in
                for place in source.indices {
                    unsafe target.initializeElement(at: place, to: ASCII.lowercase(source[place]))
                }
                return source.count
            }
        } ?? String(decoding: bytes.map(ASCII.lowercase), as: UTF8.self)
    }

    /// The text with every occurrence of an ASCII character replaced by another string.
    public func replacing(_ character: Unicode.Scalar, with other: String) -> String {
        guard bytes.contains(UInt8(ascii: character)) else { return string }
        var result: [UInt8] = []
        for byte in bytes { if byte == UInt8(ascii: character) { result += other.utf8 } else { result.append(byte) } }
        return String(decoding: result, as: UTF8.self)
    }

    @usableFromInline
    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}

extension String {
    /// Whether all bytes have a property.
    @inlinable
    public func hasOnlyBytes(_ isGood: (UInt8) -> Bool) -> Bool {
        // Safe: the bytes are read only while the string exists.
        unsafe utf8.withContiguousStorageIfAvailable { unsafe $0.allSatisfy(isGood) } ?? utf8.allSatisfy(isGood)
    }

    /// The string as text from outside.
    @inlinable
    public var raw: RawText { RawText(self) }
}

extension Dictionary where Key == String {
    /// The value of the key with the same bytes; a plain lookup also finds canonically equivalent keys.
    @inlinable
    public subscript(exactly key: String) -> Value? {
        guard let place = index(forKey: key), self[place].key.utf8.elementsEqual(key.utf8) else { return nil }
        return self[place].value
    }
}
