// SPDX-License-Identifier: Apache-2.0

/// A string in several languages, or one string for all languages.
public struct LocalizedText: Sendable {
    private let byLanguage: [String: String]
    private let other: String

    /// Creates a string.
    ///
    /// - Parameters:
    ///   - byLanguage: The string in each language, by language tag in lower case.
    ///   - other: The string in all other languages.
    public init(_ byLanguage: [String: String] = [:], other: String) {
        self.byLanguage = byLanguage
        self.other = other
    }

    /// The string in a language; case does not matter in its tag.
    public subscript(language: String) -> String {
        byLanguage[exactly: language.raw.lowercased()] ?? other
    }
}
