// SPDX-License-Identifier: Apache-2.0

/// Characters that change what Swift takes the ones beside them for, or that it takes for others.
public enum Hostile {
    /// Each of them, to be put before or behind what something splits at, compares or bounds.
    ///
    /// A number sign, an accent, a joiner and a selector make one Character with what is beside them; the Kelvin sign
    /// equals "K", the Greek question mark ";" and the oxia "`"; CR LF is one Character.
    public static let marks = [
        "\u{600}", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{212A}", "\u{37E}", "\u{1FEF}", "\r\n", "\u{0}", "\u{2028}",
    ]

    /// The same word with marks around and within it, each different from it in its bytes.
    public static func variants(of word: String) -> [String] {
        let middle = word.unicodeScalars.count / 2
        let (head, tail) = (word.unicodeScalars.prefix(middle), word.unicodeScalars.dropFirst(middle))
        let marked = marks.flatMap { mark in
            ["\(mark)\(word)", "\(word)\(mark)", "\(String(head))\(mark)\(String(tail))"]
        }
        return marked + lookalikes(of: word)
    }

    /// What Swift takes for the word although its bytes are others.
    public static func lookalikes(of word: String) -> [String] {
        let pairs: [(Unicode.Scalar, Unicode.Scalar)] = [("K", "\u{212A}"), (";", "\u{37E}"), ("`", "\u{1FEF}")]
        return pairs.filter { word.unicodeScalars.contains($0.0) }.map { pair in
            String(String.UnicodeScalarView(word.unicodeScalars.map { $0 == pair.0 ? pair.1 : $0 }))
        }
    }
}
