// SPDX-License-Identifier: Apache-2.0

extension RawText {
    /// Whether the text is a language tag such as `de` or `pt-BR` (RFC 5646): a language of at least two letters, and
    /// subtags of letters and digits.
    ///
    /// It has at most 35 bytes, the length for which everybody has to have room (section 4.4.1).
    public var isLanguageTag: Bool {
        guard 2...35 ~= count else { return false }
        let parts = split(at: "-", keepingEmpty: true)
        guard let language = parts.first, language.count > 1, language.bytes.allSatisfy(ASCII.isLetter) else {
            return false
        }
        return parts.allSatisfy { 1...8 ~= $0.count && $0.bytes.allSatisfy(ASCII.isLetterOrDigit) }
    }
}
