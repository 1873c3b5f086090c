// SPDX-License-Identifier: Apache-2.0

/// String literals of Swift.
package enum SwiftLiteral {
    /// A literal of a string, whatever it contains.
    package static func of(_ text: String) -> String {
        "\"\(text.unicodeScalars.map(escaped).joined())\""
    }

    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        default: isShown(scalar) ? "\(scalar)" : "\\u{\(String(scalar.value, radix: 16))}"
        }
    }

    /// Whether a scalar is visible by itself in a source file.
    ///
    /// All others could end the line, or make the literal look like another.
    private static func isShown(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }
}
