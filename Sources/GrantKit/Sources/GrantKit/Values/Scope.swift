// SPDX-License-Identifier: Apache-2.0

/// A list of scope words, each at most once, in the order in which they were given (RFC 6749 section 3.3).
public struct Scope: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The words.
    public private(set) var words: [String]

    /// Makes a scope from words; a word that stands twice counts once.
    public init(_ words: some Sequence<String>) {
        var seen: Set<ExactString> = []
        self.words = words.filter { seen.insert(ExactString(text: $0)).inserted }
    }

    private init(unique words: [String]) {
        self.words = words
    }

    /// Makes a scope from the text of a `scope` parameter, words parted by spaces.
    ///
    /// - Throws: `OAuthError` `invalid_scope` for no word, a character outside of RFC 6749 section 3.3 or over 64 words.
    public init(parsing text: String) throws {
        let words = text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard !words.isEmpty else { throw OAuthError(.invalidScope, "a scope must have at least one value") }
        guard words.allSatisfy(Scope.isWord) else {
            throw OAuthError(.invalidScope, "a scope holds a character that RFC 6749 section 3.3 does not allow")
        }
        guard words.count <= Scope.most else {
            throw OAuthError(.invalidScope, "at most \(Scope.most) scopes can be asked for at once")
        }
        self.init(words)
    }

    /// For the host: how many words a request may hold.
    @_spi(Host)
    public static let most = 64

    /// Whether a text is one scope word: printable ASCII but space, quotation mark and backslash.
    public static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    /// Makes a scope from words.
    public init(arrayLiteral words: String...) {
        self.init(words)
    }

    /// Whether a word is part of the scope.
    public func contains(_ word: String) -> Bool {
        words.contains(word)
    }

    /// The scope as the words for which a condition holds.
    public func filter(_ isKept: (String) -> Bool) -> Scope {
        Scope(unique: words.filter(isKept))
    }

    /// The scope as it is written in a parameter.
    public var description: String {
        words.joined(separator: " ")
    }
}
