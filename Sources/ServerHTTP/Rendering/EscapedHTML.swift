// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Mustache

/// The one place where values become HTML: byte by byte, because a combining mark beside a `<` makes it another
/// `Character`, which the template library's own escaping does not know.
struct EscapedHTML: MustacheContentType {
    /// Puts a template under this escaping; a line of its own, so that no mark in the template can reach it.
    static let pragma = "{{% CONTENT_TYPE: \(name)}}\n"
    private static let name = "escaped-html"

    /// The library finds content types by name, in a table of the whole process.
    static let register: Void = MustacheContentTypes.register(EscapedHTML(), named: name)

    func escapeText(_ text: String) -> String {
        guard text.utf8.contains(where: { EscapedHTML.reference(for: $0) != nil }) else { return text }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count * 2)
        for byte in text.utf8 {
            if let reference = EscapedHTML.reference(for: byte) {
                bytes += reference.utf8
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func reference(for byte: UInt8) -> String? {
        switch byte {
        case UInt8(ascii: "\""): "&quot;"
        case UInt8(ascii: "&"): "&amp;"
        case UInt8(ascii: "'"): "&#39;"
        case UInt8(ascii: "<"): "&lt;"
        case UInt8(ascii: ">"): "&gt;"
        default: nil
        }
    }
}
