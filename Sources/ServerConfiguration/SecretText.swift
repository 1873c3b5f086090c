// SPDX-License-Identifier: Apache-2.0

/// What tools leave in a secret that nobody sees: line ends, spaces, a byte order mark.
public enum SecretText {
    /// Something odd, without anything of the secret.
    public struct Oddity: Sendable, Equatable {
        /// What it is and where.
        public let what: String
        /// What to do.
        public var remedy = ""
        /// Whether nobody can mean it.
        public var isError = true
    }

    /// The first thing that is odd, or nil.
    ///
    /// - Parameters:
    ///   - text: The secret.
    ///   - mayHoldLines: Whether it is a key, which may have several lines and blanks around it.
    /// - Returns: What is odd.
    public static func oddity(in text: String, mayHoldLines: Bool) -> Oddity? {
        let scalars = Array(text.unicodeScalars)
        if scalars.first == "\u{FEFF}" {
            return Oddity(what: "a byte order mark before it", remedy: "save the file as UTF-8 without it")
        }
        guard !mayHoldLines else { return nil }
        if let last = scalars.last, isLineEnd(last) {
            return Oddity(
                what: "a line end behind it",
                remedy:
                    "a secret has none; of a file one is dropped, and a block in YAML that ends without one begins with '|-'"
            )
        }
        if let control = scalars.first(where: isInvisible) {
            let code = String(control.value, radix: 16, uppercase: true)
            return Oddity(
                what: isLineEnd(control)
                    ? "a line end in it"
                    : "the character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) in it, which is not printable",
                remedy: "a secret is one line of printable characters")
        }
        if scalars.first?.properties.isWhitespace == true { return Oddity(what: "a space before it", isError: false) }
        if scalars.last?.properties.isWhitespace == true { return Oddity(what: "a space behind it", isError: false) }
        return nil
    }

    private static func isLineEnd(_ scalar: Unicode.Scalar) -> Bool {
        ["\n", "\r", "\u{B}", "\u{C}", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
    }

    /// Control characters and byte order marks.
    ///
    /// Joiners are left alone: scripts need them in a password.
    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.generalCategory == .control || isLineEnd(scalar) || scalar == "\u{FEFF}"
    }
}
