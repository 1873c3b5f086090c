// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// Fills placeholders of the form `{name}` in a string.
enum Placeholders {
    /// Replaces each placeholder by its value; a placeholder without a value stays as it is.
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
