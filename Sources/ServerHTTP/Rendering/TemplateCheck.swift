// SPDX-License-Identifier: Apache-2.0

/// Finds what would let a template show text that nobody escaped.
///
/// It reads bytes, while the template library reads characters; where the two could see different tags, the template is
/// refused.
struct TemplateCheck {
    /// What is wrong, in which line.
    struct Problem: Error {
        let line: Int
        let message: String
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1
    /// Whether the HTML around is within `<...>`, and the quotation mark that is open there.
    private var isInElement = false
    private var quote: UInt8?

    /// - Throws: `Problem`.
    static func check(_ template: String) throws(Problem) {
        try checkBraces(template)
        var check = TemplateCheck(bytes: Array(template.utf8))
        try check.run()
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// A mark beside a brace makes it another character, in which the library sees no tag.
    private static func checkBraces(_ template: String) throws(Problem) {
        var line = 1
        for character in template {
            let scalars = character.unicodeScalars
            if scalars.contains("\n") { line += 1 }
            guard scalars.count > 1, scalars.contains(where: { $0 == "{" || $0 == "}" }) else { continue }
            guard let mark = scalars.first(where: { $0 != "{" && $0 != "}" }) else { continue }
            let code = String(mark.value, radix: 16, uppercase: true)
            throw Problem(
                line: line,
                message: "the character U+\(code) touches a brace and hides the tag: write it as '&#x\(code);'")
        }
    }

    private mutating func run() throws(Problem) {
        while place < bytes.count {
            if isPair(UInt8(ascii: "{")) {
                try tag()
            } else {
                html(bytes[place])
                place += 1
            }
        }
    }

    private func isPair(_ brace: UInt8) -> Bool {
        place + 1 < bytes.count && bytes[place] == brace && bytes[place + 1] == brace
    }

    private mutating func html(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\n"): line += 1
        case UInt8(ascii: "<") where !isInElement:
            isInElement = place + 1 < bytes.count && 0x41...0x5A ~= bytes[place + 1] & 0xDF
        case UInt8(ascii: ">") where quote == nil: isInElement = false
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            if isInElement { quote = quote == nil ? byte : quote == byte ? nil : quote }
        default: break
        }
    }

    // MARK: tags

    private mutating func tag() throws(Problem) {
        let start = place
        place += 2
        let kind = place < bytes.count ? bytes[place] : 0
        let begun = line
        while place < bytes.count, !isPair(UInt8(ascii: "}")) {
            if bytes[place] == UInt8(ascii: "\n") { line += 1 }
            place += 1
        }
        let isTriple = kind == UInt8(ascii: "{") && place + 2 < bytes.count && bytes[place + 2] == UInt8(ascii: "}")
        place = min(place + (isTriple ? 3 : 2), bytes.count)
        let text = String(decoding: bytes[start..<place], as: UTF8.self)
        if let message = message(for: kind, text) { throw Problem(line: begun, message: message) }
        guard isVariable(kind), isInElement, quote == nil, start > 0, bytes[start - 1] == UInt8(ascii: "=") else {
            return
        }
        throw Problem(line: begun, message: "'\(text)' is the value of an attribute: put quotation marks around it")
    }

    private func message(for kind: UInt8, _ tag: String) -> String? {
        switch kind {
        case UInt8(ascii: "{"), UInt8(ascii: "&"):
            "'\(tag)' shows a value without escaping it: use two braces, as in '{{name}}'"
        case UInt8(ascii: "="): "'\(tag)' changes the delimiters, which pages may not: use '{{' and '}}'"
        case UInt8(ascii: "%"): "'\(tag)' is a pragma, which could turn escaping off: remove it"
        default: nil
        }
    }

    /// Whether a tag shows a value; sections, partials and comments show none themselves.
    private func isVariable(_ kind: UInt8) -> Bool {
        switch kind {
        case UInt8(ascii: "#"), UInt8(ascii: "^"), UInt8(ascii: "/"), UInt8(ascii: "!"), UInt8(ascii: ">"),
            UInt8(ascii: "<"), UInt8(ascii: "$"):
            false
        default: true
        }
    }
}
