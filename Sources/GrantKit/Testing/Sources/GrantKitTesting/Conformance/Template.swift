// SPDX-License-Identifier: Apache-2.0

/// A Mustache template, read by bytes as far as the rules for pages need it.
struct Template {
    /// A tag of a template.
    struct Tag {
        enum Kind: Equatable {
            case value, section, inverted, end, partial, comment
            /// A tag that shows a value without escaping it.
            case raw
            /// A tag that changes how a template is read.
            case change
        }

        /// Where a tag is, in terms of HTML.
        enum Place: Equatable {
            case text, tag, quoted(UInt8)
        }

        let kind: Kind
        let name: String
        let place: Place
        let range: Range<Int>
    }

    let bytes: [UInt8]
    private(set) var tags: [Tag] = []
    /// The place of a tag that does not end, or nil.
    private(set) var isOpen = false

    init(_ text: String) {
        bytes = Array(text.utf8)
        var (at, place) = (0, Tag.Place.text)
        while at < bytes.count {
            guard isPair(at, UInt8(ascii: "{")) else {
                place = Template.after(bytes[at], in: place)
                at += 1
                continue
            }
            guard let end = (at + 2..<max(bytes.count, at + 2)).first(where: { isPair($0, UInt8(ascii: "}")) }) else {
                isOpen = true
                return
            }
            let isTriple = byte(at + 2) == UInt8(ascii: "{") && byte(end + 2) == UInt8(ascii: "}")
            let after = end + (isTriple ? 3 : 2)
            tags.append(tag(at..<after, content: bytes[(at + 2)..<end], in: place))
            at = after
        }
    }

    private func byte(_ place: Int) -> UInt8 {
        bytes.indices.contains(place) ? bytes[place] : 0
    }

    private func isPair(_ place: Int, _ brace: UInt8) -> Bool {
        byte(place) == brace && byte(place + 1) == brace
    }

    private func tag(_ range: Range<Int>, content: ArraySlice<UInt8>, in place: Tag.Place) -> Tag {
        let kind: Tag.Kind =
            switch content.first ?? 0 {
            case UInt8(ascii: "#"): .section
            case UInt8(ascii: "^"): .inverted
            case UInt8(ascii: "/"): .end
            case UInt8(ascii: ">"): .partial
            case UInt8(ascii: "!"): .comment
            case UInt8(ascii: "{"), UInt8(ascii: "&"): .raw
            case UInt8(ascii: "="), UInt8(ascii: "%"), UInt8(ascii: "<"), UInt8(ascii: "$"): .change
            default: .value
            }
        let name = (kind == .value ? content : content.dropFirst()).filter { $0 > 0x20 && $0 != 0x7D }
        return Tag(kind: kind, name: String(decoding: name, as: UTF8.self), place: place, range: range)
    }

    private static func after(_ byte: UInt8, in place: Tag.Place) -> Tag.Place {
        switch (place, byte) {
        case (.text, UInt8(ascii: "<")): .tag
        case (.tag, UInt8(ascii: ">")): .text
        case (.tag, UInt8(ascii: "\"")), (.tag, UInt8(ascii: "'")): .quoted(byte)
        case (.quoted(let mark), byte) where mark == byte: .tag
        default: place
        }
    }
}
