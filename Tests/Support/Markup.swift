// SPDX-License-Identifier: Apache-2.0

/// Reads HTML as a browser does, byte by byte.
public enum Markup {
    /// The tags of a page with the names of their attributes, in order.
    public static func structure(_ html: [UInt8]) -> [String] {
        var tags: [String] = []
        var rest = html[...]
        while let start = rest.firstIndex(of: UInt8(ascii: "<")) {
            rest = rest[(start + 1)...]
            guard let first = rest.first, opensTag(first) else { continue }
            tags.append(tag(&rest))
        }
        return tags
    }

    private static func opensTag(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "/"),
            UInt8(ascii: "!"), UInt8(ascii: "?"):
            true
        default: false
        }
    }

    private static func tag(_ rest: inout ArraySlice<UInt8>) -> String {
        var tag: [UInt8] = []
        var quote: UInt8?
        while let byte = rest.popFirst() {
            if let open = quote {
                if byte == open { quote = nil }
            } else if byte == UInt8(ascii: ">") {
                break
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                quote = byte
            } else {
                tag.append(byte)
            }
        }
        return String(decoding: tag, as: UTF8.self)
    }
}

/// A code point that joins its predecessor or successor, so that Swift sees both as one `Character`.
public struct HostileMark: Sendable, CustomStringConvertible {
    public let scalar: UnicodeScalar

    public var description: String { "U+\(String(scalar.value, radix: 16, uppercase: true))" }

    /// Code points that join their successor, and code points that join their predecessor.
    public static let all: [HostileMark] = [
        "\u{600}", "\u{605}", "\u{6DD}", "\u{D4E}", "\u{110BD}", "\u{300}", "\u{301}", "\u{338}", "\u{345}", "\u{903}",
        "\u{93F}", "\u{E33}", "\u{200C}", "\u{200D}", "\u{20D2}", "\u{FE0F}", "\u{FE20}", "\u{1F3FB}", "\u{E0061}",
        "\u{E0100}",
    ].map(HostileMark.init)

    /// Attempts to leave an attribute and to open an element, with the mark before and after each of the five
    /// characters that are special in HTML.
    public var texts: [(side: String, text: String)] {
        func attempt(_ around: (String) -> String) -> String {
            "a" + ["\"", "'", "&", "<", ">", "\"", "'", ">", "<"].map(around).joined() + "b onfocus=alert(1) x="
                + around("\"") + around(">") + around("<") + "form action=//evil.example" + around(">") + "lt;"
                + around("&") + "#60;b"
        }
        let mark = String(scalar)
        return [
            ("before", attempt { mark + $0 }), ("behind", attempt { $0 + mark }),
            ("on both sides", attempt { mark + $0 + mark }),
        ]
    }
}
