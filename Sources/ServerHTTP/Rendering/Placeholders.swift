// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Fills the places of a text that are written as `{name}`.
enum Placeholders {
    /// Fills a text; a place whose value is not known stays as it is.
    static func fill(_ text: String, _ values: [String: String]) -> String {
        var (filled, rest) = ("", text.raw)
        while let (before, behind) = rest.cut(at: "{" as Unicode.Scalar),
            let (name, after) = behind.cut(at: "}" as Unicode.Scalar)
        {
            filled += before.string + (values[exactly: name.string] ?? "{\(name.string)}")
            rest = after
        }
        return filled + rest.string
    }
}
