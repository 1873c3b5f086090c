// SPDX-License-Identifier: Apache-2.0

/// Text that pages show and that somebody else wrote, such as the name of a client, a user or a browser.
///
/// A control character can end the line. An embedding, override or isolate of Unicode Standard Annex 9 changes the
/// order in which the text around it is displayed, so that a name looks like another. Joiners, variation selectors and
/// the marks U+200E, U+200F and U+061C are part of how names are written, and change nothing around them.
public enum ShownText {
    /// The rule for names, as the rest of a message.
    public static let rule =
        "must not contain control characters, line breaks or marks that change the direction of other text"

    /// Whether a name contains only characters that may be shown.
    public static func isAllowed(_ name: String) -> Bool {
        name.unicodeScalars.allSatisfy(isAllowed)
    }

    /// The text without characters that must not be shown; tabs and line breaks stay, since HTML shows them as spaces.
    public static func cleaned(_ text: String) -> String {
        guard !isAllowed(text) else { return text }
        var scalars = text.unicodeScalars
        scalars.removeAll { !isAllowed($0) && !["\t", "\n", "\r"].contains($0) }
        return String(scalars)
    }

    /// The text in one line: every character that must not be shown is replaced by a space.
    public static func onOneLine(_ text: String) -> String {
        guard !isAllowed(text) else { return text }
        return String(String.UnicodeScalarView(text.unicodeScalars.map { isAllowed($0) ? $0 : " " }))
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x1F, 0x7F...0x9F: false
        // The separators of lines and paragraphs, then embeddings and overrides; the second range is the isolates.
        case 0x2028...0x202E, 0x2066...0x2069: false
        default: true
        }
    }
}
