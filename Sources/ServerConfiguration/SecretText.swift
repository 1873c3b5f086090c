// SPDX-License-Identifier: Apache-2.0

/// Finds invisible characters that tools leave in a secret: line ends, spaces, a byte order mark.
public enum SecretText {
    /// An unexpected character in a secret; it reveals nothing of the secret.
    public struct Oddity: Sendable, Equatable {
        /// What the character is and where it is.
        public let what: String
        /// What to do about it.
        public var remedy = ""
        /// Whether the character cannot be intentional.
        public var isError = true
    }

    /// The first oddity in a secret; nil if there is none.
    ///
    /// - Parameters:
    ///   - text: The secret.
    ///   - mayHoldLines: Whether the secret is a key, which may have several lines and white space around it.
    /// - Returns: The oddity.
    public static func oddity(in text: String, mayHoldLines: Bool) -> Oddity? {
        let scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" {
            return Oddity(what: "a byte order mark before it", remedy: "save the file as UTF-8 without one")
        }
        guard !mayHoldLines else { return nil }
        if let last = scalars.last, isLineEnd(last) {
            return Oddity(
                what: "a line end after it",
                remedy:
                    "remove it; one line end at the end of a file is ignored, and a YAML block that starts with '|-' has none"
            )
        }
        if let control = scalars.first(where: isInvisible) {
            let code = String(control.value, radix: 16, uppercase: true)
            return Oddity(
                what: isLineEnd(control)
                    ? "a line end in it"
                    : "the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) in it, which is not printable",
                remedy: "a secret must be one line of printable characters")
        }
        if scalars.first?.properties.isWhitespace == true { return Oddity(what: "a space before it", isError: false) }
        if scalars.last?.properties.isWhitespace == true { return Oddity(what: "a space after it", isError: false) }
        return nil
    }

    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        ["\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
    }

    /// Whether a character is a control character, a line end or a byte order mark.
    ///
    /// Joiners are allowed, since some scripts need them in a password.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || isLineEnd(scalar) || scalar == "\u{FEFF}"
    }
}
