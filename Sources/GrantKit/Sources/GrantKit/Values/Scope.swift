// SPDX-License-Identifier: Apache-2.0

/// A list of scope values without repetition, in the order in which they were given (RFC 6749 section 3.3).
public struct Scope: Sendable, Hashable, ExpressibleByArrayLiteral, CustomStringConvertible {
    /// The scope values.
    public private(set) var words: [String]

    /// Makes a scope from scope values.
    ///
    /// Repeated values count once.
    public init(_ words: some Sequence<String>) {
        var distinct = DistinctStrings()
        // An array, since the code for any sequence looks up types for each element.
        self.words = Array(words).reduce(into: []) { all, word in
            if distinct.isNew(word, after: all) { all.append(word) }
        }
    }

    private init(unique words: [String]) {
        self.words = words
    }

    /// Makes a scope from a `scope` parameter, in which scope values are separated by spaces.
    ///
    /// - Parameter text: The parameter.
    /// - Throws: `OAuthError` `invalid_scope` if it has no value, more than 64 values or a character that RFC 6749
    ///   section 3.3 does not allow.
    public init(parsing text: String) throws {
        let words = text.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
        guard !words.isEmpty else { throw OAuthError(.invalidScope, "a scope must have at least one value") }
        guard words.allSatisfy(Scope.isWord) else {
            throw OAuthError(.invalidScope, "a scope contains a character that RFC 6749 section 3.3 does not allow")
        }
        guard words.count <= Scope.most else {
            throw OAuthError(.invalidScope, "at most \(Scope.most) scopes can be requested at once")
        }
        self.init(words)
    }

    /// For the host: the maximum number of scope values in a request.
    @_spi(Host)
    public static let most = 64

    /// Whether a string is a scope value: printable ASCII except space, quotation mark and backslash (RFC 6749 section
    /// 3.3).
    public static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != 0x22 && $0 != 0x5C }
    }

    /// Makes a scope from scope values.
    public init(arrayLiteral words: String...) {
        self.init(words)
    }

    /// Whether the scope contains a scope value.
    public func contains(_ word: String) -> Bool {
        words.contains(word)
    }

    /// The scope with only the scope values that meet a condition.
    public func filter(_ isKept: (String) -> Bool) -> Scope {
        Scope(unique: words.filter(isKept))
    }

    /// The scope as in a `scope` parameter.
    public var description: String {
        words.joined(separator: " ")
    }
}
