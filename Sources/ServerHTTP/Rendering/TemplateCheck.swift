// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Checks that a template cannot show an unescaped value.
///
/// The check works on bytes, the template library on Characters; a template in which the two could see different tags
/// is refused.
struct TemplateCheck {
    /// The error for a template that is refused.
    struct Problem: Error {
        let line: Int
        let message: String
    }

    private let bytes: [UInt8]
    private var place = 0
    private var line = 1
    /// The possible HTML states at the current place; there may be several, since a section is shown any number of
    /// times.
    private var states: Set<MarkupState> = [.text]
    /// The open sections and blocks, by their places.
    private var open: [(start: Int, isBlock: Bool)] = []
    /// The known HTML states in which the content of each section can begin.
    private var starts: [Int: Set<MarkupState>] = [:]
    private var hasGrown = false
    /// The partials that the template includes.
    private var parts: Set<String> = []

    /// The maximum nesting of sections, which the template library parses and renders recursively.
    private static let deepest = 64

    /// Checks a template.
    ///
    /// - Returns: The names of the partials that the template includes.
    /// - Throws: `Problem`.
    static func check(_ template: String) throws(Problem) -> Set<String> {
        try checkBraces(template)
        var check = TemplateCheck(bytes: Array(template.utf8))
        // A repeated section begins in the state in which it ended, so the template is read until no state is added.
        repeat { try check.run() } while check.hasGrown
        return check.parts
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Refuses combining marks next to braces, where the library would not see a tag.
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
                message: "the character U+\(code) is attached to a brace and hides the tag; write it as '&#x\(code);'")
        }
    }

    private mutating func run() throws(Problem) {
        (place, line, states, open, hasGrown) = (0, 1, [.text], [], false)
        while place < bytes.count {
            if isPair(UInt8(ascii: "{")) {
                try tag()
            } else {
                html(bytes[place])
                place += 1
            }
        }
        guard hasGrown || states == [.text] else {
            throw Problem(line: line, message: "the template can end inside a tag or a comment; close it")
        }
    }

    private func isPair(_ brace: UInt8) -> Bool {
        place + 1 < bytes.count && bytes[place] == brace && bytes[place + 1] == brace
    }

    private mutating func html(_ byte: UInt8) {
        if byte == UInt8(ascii: "\n") { line += 1 }
        states = Set(states.map { $0.after(byte) })
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
        let problem = message(for: kind, text) ?? misplaced(kind, text)
        if let problem { throw Problem(line: begun, message: problem) }
        if kind == UInt8(ascii: ">") || kind == UInt8(ascii: "<") {
            parts.insert(String(decoding: text.utf8.dropFirst(3).dropLast(2), as: UTF8.self).raw.trimmed().string)
        }
        follow(kind, at: start)
        guard open.count <= TemplateCheck.deepest else {
            throw Problem(line: begun, message: "sections must not be nested more than \(TemplateCheck.deepest) deep")
        }
    }

    private func message(for kind: UInt8, _ tag: String) -> String? {
        switch kind {
        case UInt8(ascii: "{"), UInt8(ascii: "&"):
            "'\(tag)' shows a value without escaping it; use two braces, as in '{{name}}'"
        case UInt8(ascii: "="): "'\(tag)' changes the delimiters, which is not allowed; use '{{' and '}}'"
        case UInt8(ascii: "%"): "'\(tag)' is a pragma, which could turn escaping off; remove it"
        default: nil
        }
    }

    // MARK: places

    /// What is wrong with a tag at the current place; nil if nothing is.
    private func misplaced(_ kind: UInt8, _ tag: String) -> String? {
        switch kind {
        case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "^"): nil
        case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: "$"): misplacedPart(tag)
        case UInt8(ascii: "/"): open.last?.isBlock ?? false ? misplacedPart(tag) : nil
        default: misplacedValue(tag)
        }
    }

    /// What is wrong with a partial or a block; it may only be in text, since its content is checked as text.
    private func misplacedPart(_ tag: String) -> String? {
        guard states == [.text] else {
            return "'\(tag)' is inside a tag or a comment, where a partial or block must not begin or end"
        }
        // The value could name a template that includes this one.
        return tag.utf8.contains(UInt8(ascii: "*"))
            ? "'\(tag)' takes the name of a partial from a value, which is not allowed; write the name itself" : nil
    }

    private func misplacedValue(_ tag: String) -> String? {
        if states.allSatisfy(\.takesValues) { return nil }
        guard states.isDisjoint(with: [.beforeValue, .unquoted]) else {
            return "'\(tag)' is the value of an attribute; put quotation marks around it"
        }
        return "'\(tag)' is inside a tag; use it only as an attribute's value, in quotation marks"
    }

    private mutating func follow(_ kind: UInt8, at start: Int) {
        switch kind {
        case UInt8(ascii: "#"), UInt8(ascii: "^"): begin(start, isBlock: false)
        case UInt8(ascii: "<"), UInt8(ascii: "$"): begin(start, isBlock: true)
        case UInt8(ascii: "/"): end()
        // A value may contain what lets a comment end at the next '>'.
        default: if !states.isDisjoint(with: MarkupState.comments) { states.formUnion(MarkupState.comments) }
        }
    }

    private mutating func begin(_ start: Int, isBlock: Bool) {
        open.append((start, isBlock))
        states.formUnion(starts[start] ?? [])
        starts[start] = states
    }

    private mutating func end() {
        guard let section = open.popLast(), let known = starts[section.start] else { return }
        states.formUnion(known)
        if states != known { hasGrown = true }
        starts[section.start] = states
    }
}
