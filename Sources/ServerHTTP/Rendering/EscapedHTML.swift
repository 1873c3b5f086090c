// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Mustache

/// Escapes values for HTML, byte by byte: with a combining mark after it, `<` is a different `Character`, which the
/// template library's own escaping would miss.
struct EscapedHTML: MustacheContentType {
    /// The pragma that applies this escaping to a template; on a separate line, so that no combining mark in the
    /// template can affect it.
    static let pragma = "{{% CONTENT_TYPE: \(name)}}\n"
    private static let name = "escaped-html"

    /// Registers the content type by name, in a table of the library for the whole process.
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
