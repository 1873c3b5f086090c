// SPDX-License-Identifier: Apache-2.0

/// The state of an HTML tokenizer before a byte (HTML section 13.2.5), as far as it decides what a value can do there.
///
/// The contents of `script` and `style` are treated as HTML.
enum MarkupState {
    case text
    /// After `<`, `</`, `<!` and `<!-`.
    case opened, endOpened, declared, declaredDash
    /// After `<!`, `<?` or a malformed `</`, up to the next `>`.
    case declaration
    case tagName, beforeName, name, afterName, beforeValue, unquoted
    case singleQuoted, doubleQuoted
    case commentStart, commentStartDash, comment, commentDash, commentEnd, commentEndBang

    static let comments: Set<MarkupState> = [
        .commentStart, .commentStartDash, .comment, .commentDash, .commentEnd, .commentEndBang,
    ]

    /// Whether an escaped value is safe here; it cannot end the state, since it contains no `<`, `>` or quotation mark.
    var takesValues: Bool {
        switch self {
        case .text, .singleQuoted, .doubleQuoted: true
        default: MarkupState.comments.contains(self)
        }
    }

    /// The state after a byte.
    func after(_ byte: UInt8) -> MarkupState {
        switch self {
        case .text: byte == Mark.less ? .opened : .text
        case .singleQuoted: byte == Mark.apostrophe ? .beforeName : self
        case .doubleQuoted: byte == Mark.quotation ? .beforeName : self
        case .opened, .endOpened, .declared, .declaredDash, .declaration: afterOpening(byte)
        case .tagName, .beforeName, .name, .afterName, .beforeValue, .unquoted: withinTag(byte)
        case .commentStart, .commentStartDash, .comment, .commentDash, .commentEnd, .commentEndBang:
            withinComment(byte)
        }
    }

    private func afterOpening(_ byte: UInt8) -> MarkupState {
        switch (self, byte) {
        case (.opened, Mark.slash): .endOpened
        case (.opened, Mark.exclamation): .declared
        case (.opened, Mark.question): .declaration
        case (.opened, Mark.less): .opened
        case (.opened, 0x41...0x5A), (.opened, 0x61...0x7A), (.endOpened, 0x41...0x5A), (.endOpened, 0x61...0x7A):
            .tagName
        case (.opened, _), (_, Mark.greater): .text
        case (.declared, Mark.dash): .declaredDash
        case (.declaredDash, Mark.dash): .commentStart
        default: .declaration
        }
    }

    /// The state after a byte in a tag; a quotation mark opens a value only where one can begin.
    private func withinTag(_ byte: UInt8) -> MarkupState {
        switch (self, byte) {
        case (_, Mark.greater): .text
        case (.beforeValue, Mark.apostrophe): .singleQuoted
        case (.beforeValue, Mark.quotation): .doubleQuoted
        case (_, _) where Mark.isSpace(byte): behindSpace
        case (.beforeValue, _), (.unquoted, _): .unquoted
        case (_, Mark.slash): .beforeName
        case (.name, Mark.equals), (.afterName, Mark.equals): .beforeValue
        case (.tagName, _): .tagName
        default: .name
        }
    }

    private var behindSpace: MarkupState {
        switch self {
        case .beforeValue: .beforeValue
        case .name, .afterName: .afterName
        default: .beforeName
        }
    }

    private func withinComment(_ byte: UInt8) -> MarkupState {
        switch (self, byte) {
        case (.comment, Mark.dash), (.commentEndBang, Mark.dash): .commentDash
        case (.commentStart, Mark.dash): .commentStartDash
        case (_, Mark.dash): .commentEnd
        case (.comment, _), (.commentDash, _): .comment
        case (_, Mark.greater): .text
        case (.commentEnd, Mark.exclamation): .commentEndBang
        default: .comment
        }
    }
}

/// The bytes with a meaning in HTML.
private enum Mark {
    static let less = UInt8(ascii: "<")
    static let greater = UInt8(ascii: ">")
    static let slash = UInt8(ascii: "/")
    static let exclamation = UInt8(ascii: "!")
    static let question = UInt8(ascii: "?")
    static let equals = UInt8(ascii: "=")
    static let dash = UInt8(ascii: "-")
    static let apostrophe = UInt8(ascii: "'")
    static let quotation = UInt8(ascii: "\"")

    static func isSpace(_ byte: UInt8) -> Bool { [0x09, 0x0A, 0x0C, 0x0D, 0x20].contains(byte) }
}
