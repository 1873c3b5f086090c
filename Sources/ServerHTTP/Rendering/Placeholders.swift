// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Fills placeholders of the form `{name}` in a string.
enum Placeholders {
    /// A part of a string whose placeholders are replaced.
    enum Part {
        /// Of the string itself, or a placeholder without a value.
        case words(String)
        /// The value of a placeholder.
        case value(String)
    }

    /// Replaces each placeholder by its value; a placeholder without a value stays as it is.
    static func fill(_ text: String, _ values: [String: String]) -> String {
        parts(of: text, values).map { part -> String in
            switch part {
            case .words(let words): words
            case .value(let value): value
            }
        }.joined()
    }

    /// The parts of a string, in order.
    static func parts(of text: String, _ values: [String: String]) -> [Part] {
        var (parts, rest) = ([Part](), text.raw)
        while let (before, behind) = rest.cut(at: "{" as Unicode.Scalar),
            let (name, after) = behind.cut(at: "}" as Unicode.Scalar)
        {
            parts.append(.words(before.string))
            parts.append(values[exactly: name.string].map(Part.value) ?? .words("{\(name.string)}"))
            rest = after
        }
        return parts + [.words(rest.string)]
    }
}
