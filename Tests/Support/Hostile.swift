// SPDX-License-Identifier: Apache-2.0

/// Characters that change how Swift sees their neighbours, or that Swift takes for others.
public enum Hostile {
    /// The characters, to be put before or after those at which text is split, compared or limited.
    ///
    /// A number sign, an accent, a joiner and a selector form one Character with their neighbours; the Kelvin sign
    /// equals "K", the Greek question mark ";" and the oxia "`"; CR LF is one Character.
    public static let marks = [
        "\u{600}", "\u{301}", "\u{200D}", "\u{FE0F}", "\u{212A}", "\u{37E}", "\u{1FEF}", "\r\n", "\u{0}", "\u{2028}",
    ]

    /// Characters that no page may show: controls, line separators, and marks that change the direction of other text.
    public static let unshown: [String] = {
        let controls: [UInt32] = [0x0, 0x1, 0x7, 0x8, 0xB, 0xC, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F]
        let others = Array(UInt32(0x2028)...0x202E) + Array(UInt32(0x2066)...0x2069)
        return (controls + others).compactMap { Unicode.Scalar($0) }.map { String($0) }
    }()

    /// A word with such characters around and within it; every variant differs from it in its bytes.
    public static func variants(of word: String) -> [String] {
        let middle = word.unicodeScalars.count / 2
        let (head, tail) = (word.unicodeScalars.prefix(middle), word.unicodeScalars.dropFirst(middle))
        let marked = marks.flatMap { mark in
            ["\(mark)\(word)", "\(word)\(mark)", "\(String(head))\(mark)\(String(tail))"]
        }
        return marked + lookalikes(of: word)
    }

    /// Strings that Swift takes for the word although their bytes differ.
    public static func lookalikes(of word: String) -> [String] {
        let pairs: [(Unicode.Scalar, Unicode.Scalar)] = [("K", "\u{212A}"), (";", "\u{37E}"), ("`", "\u{1FEF}")]
        return pairs.filter { word.unicodeScalars.contains($0.0) }.map { pair in
            String(String.UnicodeScalarView(word.unicodeScalars.map { $0 == pair.0 ? pair.1 : $0 }))
        }
    }
}
