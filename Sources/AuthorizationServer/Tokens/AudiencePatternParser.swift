// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Parses the subset of regular expressions for audiences, which Docs/Configuration/audiences.md lists.
struct AudiencePatternParser {
    typealias Problem = AudiencePattern.Problem

    /// A set of bytes.
    struct Bytes: Sendable, Equatable {
        private var low: UInt64 = 0
        private var high: UInt64 = 0

        /// All bytes that an audience can contain.
        static let all = Bytes(0x21...0x7E)

        init() {}

        init(_ range: ClosedRange<UInt8>) {
            for byte in range { insert(byte) }
        }

        func contains(_ byte: UInt8) -> Bool {
            byte < 64 ? low >> UInt64(byte) & 1 == 1 : byte < 128 && high >> UInt64(byte - 64) & 1 == 1
        }

        mutating func insert(_ byte: UInt8) {
            guard byte < 128 else { return }
            if byte < 64 { low |= 1 << UInt64(byte) } else { high |= 1 << UInt64(byte - 64) }
        }

        mutating func formUnion(_ other: Bytes) {
            low |= other.low
            high |= other.high
        }

        var inverted: Bytes {
            var result = Bytes()
            (result.low, result.high) = (~low & Bytes.all.low, ~high & Bytes.all.high)
            return result
        }
    }

    /// A parsed expression.
    indirect enum Tree {
        case bytes(Bytes)
        case sequence([Tree])
        case choice([Tree])
        /// A minimum and a maximum number of times, or without limit if there is no maximum.
        case repetition(Tree, least: Int, most: Int?)

        /// The number of positions after expansion; an empty part counts too, so that it cannot be repeated forever.
        var size: Int {
            switch self {
            case .bytes: 1
            case .sequence(let parts), .choice(let parts): max(1, parts.reduce(0) { $0 + $1.size })
            case .repetition(let part, let least, let most): part.size * max(least, most ?? 1, 1)
            }
        }
    }

    /// The deepest nesting of groups.
    private static let deepest = 32

    private let text: [UInt8]
    private var place = 0
    private var depth = 0

    private init(_ text: [UInt8]) {
        self.text = text
    }

    static func parse(_ text: [UInt8]) throws(Problem) -> Tree {
        guard !text.isEmpty else { throw Problem(position: 1, message: "it is empty") }
        guard text.count <= AudiencePattern.longest else {
            throw Problem(
                position: AudiencePattern.longest + 1,
                message: "it is longer than \(AudiencePattern.longest) characters")
        }
        var parser = AudiencePatternParser(text)
        // The whole audience is matched anyway, so these two make no difference.
        if parser.peek == UInt8(ascii: "^") { parser.place = 1 }
        let tree = try parser.choice()
        if parser.peek == UInt8(ascii: "$"), parser.place == text.count - 1 { parser.place += 1 }
        guard parser.place == text.count else { throw parser.unexpected() }
        return tree
    }

    // MARK: reading

    private var peek: UInt8? { text.indices.contains(place) ? text[place] : nil }

    private mutating func consume(_ byte: Unicode.Scalar) -> Bool {
        guard peek == UInt8(ascii: byte) else { return false }
        place += 1
        return true
    }

    private func problem(_ message: String, at start: Int? = nil) -> Problem {
        Problem(position: (start ?? place) + 1, message: message)
    }

    private func tooLarge(at start: Int) -> Problem {
        problem(
            "it is too large: with repetitions expanded, it has more than \(AudiencePattern.mostPositions) characters",
            at: start)
    }

    private func unexpected() -> Problem {
        switch peek {
        case UInt8(ascii: ")"): problem("a ')' closes nothing; write '\\)' for the character")
        case UInt8(ascii: "^"), UInt8(ascii: "$"):
            problem("'^' can only begin a pattern and '$' only end it; the whole audience is always compared")
        default: problem("there is nothing to repeat here; write '\\' before the character if you mean the character")
        }
    }

    private mutating func choice() throws(Problem) -> Tree {
        let start = place
        var parts = [try sequence()]
        while consume("|") { parts.append(try sequence()) }
        let tree = parts.count == 1 ? parts[0] : .choice(parts)
        guard tree.size <= AudiencePattern.mostPositions else { throw tooLarge(at: start) }
        return tree
    }

    private mutating func sequence() throws(Problem) -> Tree {
        var parts: [Tree] = []
        var size = 0
        var start = place
        while let part = try atom() {
            let repeated = try repetition(of: part)
            size += repeated.size
            guard size <= AudiencePattern.mostPositions else {
                throw tooLarge(at: start)
            }
            parts.append(repeated)
            start = place
        }
        return .sequence(parts)
    }

    /// Reads a character, class or group; nil if there is none.
    private mutating func atom() throws(Problem) -> Tree? {
        guard let byte = peek else { return nil }
        switch byte {
        case UInt8(ascii: "|"), UInt8(ascii: ")"), UInt8(ascii: "^"), UInt8(ascii: "$"), UInt8(ascii: "*"),
            UInt8(ascii: "+"), UInt8(ascii: "?"):
            return nil
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .bytes(try list())
        case UInt8(ascii: "\\"): return .bytes(try escape())
        case UInt8(ascii: "."):
            place += 1
            return .bytes(.all)
        case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "]"):
            throw problem("write '\\' before '\(Character(Unicode.Scalar(byte)))' if you mean the character")
        case 0x21...0x7E:
            place += 1
            return .bytes(Bytes(byte...byte))
        default: throw problem("an audience is printable ASCII without spaces, so this never matches")
        }
    }

    // MARK: groups

    private mutating func group() throws(Problem) -> Tree {
        let start = place
        place += 1
        depth += 1
        guard depth <= AudiencePatternParser.deepest else {
            throw problem("groups are nested more than \(AudiencePatternParser.deepest) deep", at: start)
        }
        if consume("?"), !consume(":") {
            throw problem(
                "only groups '(...)' and '(?:...)' are supported: no look-around, no flags and no names", at: start)
        }
        let tree = try choice()
        guard consume(")") else {
            throw peek == nil ? problem("the group is not closed: ')' is missing", at: start) : unexpected()
        }
        depth -= 1
        return tree
    }

    // MARK: repetitions

    private mutating func repetition(of part: Tree) throws(Problem) -> Tree {
        let start = place
        let bounds: (least: Int, most: Int?)
        switch peek {
        case UInt8(ascii: "*"): bounds = (0, nil)
        case UInt8(ascii: "+"): bounds = (1, nil)
        case UInt8(ascii: "?"): bounds = (0, 1)
        case UInt8(ascii: "{"): bounds = try counts()
        default: return part
        }
        if start == place { place += 1 }
        // Lazy and greedy repetitions match the same whole audiences.
        _ = consume("?")
        if let byte = peek, [UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"), UInt8(ascii: "{")].contains(byte)
        {
            throw problem("a repetition cannot be repeated or possessive; put it in a group")
        }
        return .repetition(part, least: bounds.least, most: bounds.most)
    }

    /// `{3}`, `{3,}` or `{3,5}`.
    private mutating func counts() throws(Problem) -> (least: Int, most: Int?) {
        let start = place
        place += 1
        guard let least = number() else { throw problem("'{' must be followed by a number, as in '{1,3}'", at: start) }
        var most: Int? = least
        if consume(",") { most = number() }
        guard consume("}") else { throw problem("a repetition is written '{3}', '{3,}' or '{3,5}'", at: start) }
        let largest = max(least, most ?? 0)
        guard largest <= AudiencePattern.mostPositions else {
            throw problem("more than \(AudiencePattern.mostPositions) repetitions", at: start)
        }
        guard most.map({ $0 >= least }) ?? true else {
            throw problem("the second number is smaller than the first", at: start)
        }
        return (least, most)
    }

    private mutating func number() -> Int? {
        let start = place
        var value = 0
        while let byte = peek, 0x30...0x39 ~= byte {
            // Larger than every limit; further digits do not make it smaller.
            value = min(value * 10 + Int(byte - 0x30), 10_000)
            place += 1
        }
        return place == start ? nil : value
    }

    // MARK: classes

    /// `[a-z0-9.]`, `[^/]`.
    private mutating func list() throws(Problem) -> Bytes {
        let start = place
        place += 1
        let isInverted = consume("^")
        var all = Bytes()
        var isEmpty = true
        while let byte = peek, byte != UInt8(ascii: "]") {
            isEmpty = false
            all.formUnion(try range())
        }
        guard consume("]") else { throw problem("the list of characters is not closed: ']' is missing", at: start) }
        guard !isEmpty else {
            throw problem("the list of characters is empty; write '\\]' for the character", at: start)
        }
        return isInverted ? all.inverted : all
    }

    /// A character, a range or a class inside a list.
    private mutating func range() throws(Problem) -> Bytes {
        let start = place
        guard let first = try member() else { return try escape() }
        guard peek == UInt8(ascii: "-"), text.indices.contains(place + 1), text[place + 1] != UInt8(ascii: "]")
        else { return Bytes(first...first) }
        place += 1
        guard let last = try member(), last >= first else {
            throw problem("a range must go from a smaller to a larger character, such as a-z", at: start)
        }
        return Bytes(first...last)
    }

    /// A single character inside a list; nil at a class such as `\d`.
    private mutating func member() throws(Problem) -> UInt8? {
        guard let byte = peek else { throw problem("the list of characters is not closed: ']' is missing") }
        switch byte {
        case UInt8(ascii: "\\"):
            guard text.indices.contains(place + 1), !ASCII.isLetterOrDigit(text[place + 1]) else { return nil }
            place += 1
            return try literal()
        case UInt8(ascii: "["):
            throw problem("a list cannot contain another; write '\\[' for the character")
        case UInt8(ascii: "&"), UInt8(ascii: "~"), UInt8(ascii: "-"):
            guard !text.indices.contains(place + 1) || text[place + 1] != byte else {
                throw problem("lists cannot be combined; write '\\' before the character if you mean the character")
            }
            return try literal()
        default: return try literal()
        }
    }

    private mutating func literal() throws(Problem) -> UInt8 {
        guard let byte = peek, 0x21...0x7E ~= byte else {
            throw problem("an audience is printable ASCII without spaces, so this never matches")
        }
        place += 1
        return byte
    }

    /// Reads a backslash and the character after it.
    private mutating func escape() throws(Problem) -> Bytes {
        let start = place
        place += 1
        guard let byte = peek else { throw problem("nothing follows the '\\'", at: start) }
        if !ASCII.isLetterOrDigit(byte) {
            let literal = try literal()
            return Bytes(literal...literal)
        }
        place += 1
        let classes: [UInt8: Bytes] = [
            UInt8(ascii: "d"): AudiencePatternParser.digits, UInt8(ascii: "D"): AudiencePatternParser.digits.inverted,
            UInt8(ascii: "w"): AudiencePatternParser.word, UInt8(ascii: "W"): AudiencePatternParser.word.inverted,
            UInt8(ascii: "S"): .all,
        ]
        guard let found = classes[byte] else {
            throw problem(
                "'\\\(Character(Unicode.Scalar(byte)))' is not supported; use \\d, \\D, \\w, \\W, \\S or punctuation",
                at: start)
        }
        return found
    }

    private static let digits = Bytes(0x30...0x39)

    private static let word: Bytes = {
        var word = Bytes(0x30...0x39)
        for range: ClosedRange<UInt8> in [0x41...0x5A, 0x61...0x7A, 0x5F...0x5F] { word.formUnion(Bytes(range)) }
        return word
    }()
}
