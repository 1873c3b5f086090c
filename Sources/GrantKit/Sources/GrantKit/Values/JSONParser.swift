// SPDX-License-Identifier: Apache-2.0

struct JSONParser {
    /// A number of members that few objects exceed, so that most are allocated once.
    private static let usual = 8

    let bytes: [UInt8]
    var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private var current: UInt8? {
        place < bytes.count ? bytes[place] : nil
    }

    private func wrong(_ message: String) -> JSONError {
        JSONError(message: message, offset: place)
    }

    mutating func document(depth: Int) throws -> JSON {
        let result = try value(depth: depth)
        skipSpace()
        guard place == bytes.count else { throw wrong("something follows the value") }
        return result
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        place += 1
        return true
    }

    private mutating func value(depth: Int) throws -> JSON {
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws -> JSON {
        guard bytes[place...].starts(with: text.utf8) else { throw wrong("a value was expected") }
        place += text.utf8.count
        return value
    }

    private mutating func object(depth: Int) throws -> JSON {
        guard depth > 0 else { throw wrong("too deeply nested") }
        place += 1
        var members: [JSON.Member] = []
        var names = DistinctStrings()
        skipSpace()
        if take("}") { return .object([]) }
        members.reserveCapacity(JSONParser.usual)
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw wrong("a member name was expected") }
            let name = try string()
            // Names are compared by bytes, so two names that only look alike are different.
            guard names.isNew(name, after: members.lazy.map(\.name)) else { throw wrong("a member name is repeated") }
            skipSpace()
            guard take(":") else { throw wrong("':' was expected") }
            members.append(JSON.Member(name, try value(depth: depth - 1)))
            skipSpace()
        } while take(",")
        guard take("}") else { throw wrong("',' or '}' was expected") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws -> JSON {
        guard depth > 0 else { throw wrong("too deeply nested") }
        place += 1
        var elements: [JSON] = []
        skipSpace()
        if take("]") { return .array([]) }
        repeat {
            elements.append(try value(depth: depth - 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw wrong("',' or ']' was expected") }
        return .array(elements)
    }

    private mutating func string() throws -> String {
        place += 1
        let start = place
        while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { place += 1 }
        // Nearly all strings have no escapes, and are copied only once.
        if take("\"") { return try text(bytes[start..<(place - 1)]) }
        var buffer = Array(bytes[start..<place])
        while let byte = current, byte != UInt8(ascii: "\"") {
            guard byte >= 0x20 else { throw wrong("a string contains a control character") }
            place += 1
            if byte == UInt8(ascii: "\\") { try unescape(into: &buffer) } else { buffer.append(byte) }
        }
        guard take("\"") else { throw wrong("a string does not end") }
        return try text(buffer[...])
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws -> String {
        // ASCII needs no validation, for which the standard library looks up types at run time.
        if bytes.allSatisfy({ $0 < 0x80 }) { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw wrong("a string is not UTF-8") }
        return text
    }

    private mutating func unescape(into buffer: inout [UInt8]) throws {
        guard let byte = current else { throw wrong("a string does not end") }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): buffer.append(byte)
        case UInt8(ascii: "b"): buffer.append(0x08)
        case UInt8(ascii: "f"): buffer.append(0x0C)
        case UInt8(ascii: "n"): buffer.append(0x0A)
        case UInt8(ascii: "r"): buffer.append(0x0D)
        case UInt8(ascii: "t"): buffer.append(0x09)
        case UInt8(ascii: "u"): buffer.append(contentsOf: String(Character(try unicode())).utf8)
        default: throw wrong("an unknown escape")
        }
    }

    /// Reads a character from four hexadecimal digits, or from two surrogates.
    private mutating func unicode() throws -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard (0xD800..<0xDC00).contains(first), take("\\"), take("u") else { throw wrong("a lone surrogate") }
        let second = try hexadecimal()
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw wrong("a lone surrogate") }
        return scalar
    }

    private mutating func hexadecimal() throws -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else { throw wrong("four hexadecimal digits were expected") }
            code = code << 4 | UInt32(digit)
            place += 1
        }
        return code
    }

    private mutating func number() throws -> JSON {
        let start = place
        _ = take("-")
        let firstDigit = current
        guard try digits() == 1 || firstDigit != UInt8(ascii: "0") else { throw wrong("a number starts with 0") }
        var isInteger = true
        if take(".") {
            isInteger = false
            _ = try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("+") { _ = take("-") }
            _ = try digits()
        }
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if isInteger, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else { throw wrong("a number is out of range") }
        return .number(number)
    }

    private mutating func digits() throws -> Int {
        let start = place
        while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        guard place > start else { throw wrong("a value was expected") }
        return place - start
    }
}
