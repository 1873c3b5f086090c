// SPDX-License-Identifier: Apache-2.0

/// The parameters of a request, in the order in which they came.
public struct Parameters: Sendable, ExpressibleByDictionaryLiteral {
    /// Names and values.
    public private(set) var all: [(name: String, value: String)]

    /// Makes parameters.
    public init(_ all: [(name: String, value: String)]) {
        self.all = all
    }

    /// Makes parameters from a literal.
    public init(dictionaryLiteral elements: (String, String)...) {
        all = elements.map { (name: $0.0, value: $0.1) }
    }

    /// The first value of a name.
    public subscript(name: String) -> String? {
        all.first { $0.name == name }?.value
    }

    /// All values of a name.
    public func values(_ name: String) -> [String] {
        all.filter { $0.name == name }.map(\.value)
    }

    /// The value of a parameter that must be there.
    ///
    /// - Throws: `OAuthError` `invalid_request` if it is missing or empty.
    public func required(_ name: String) throws -> String {
        guard let value = self[name], !value.isEmpty else {
            throw OAuthError(.invalidRequest, "the parameter '\(name)' is missing")
        }
        return value
    }
}
