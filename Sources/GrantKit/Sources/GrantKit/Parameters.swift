// SPDX-License-Identifier: Apache-2.0

/// What a grant or endpoint reads of a request; the core drops every parameter that nobody declared.
public struct ParameterDeclaration: Sendable, Hashable {
    /// The parameter's name.
    public var name: String
    /// Whether a request without it is refused.
    public var isRequired: Bool
    /// Whether it may stand several times; RFC 6749 section 3.2 refuses repetition otherwise.
    public var isRepeatable: Bool
    /// The longest value in bytes.
    public var longest: Int
    /// Whether its value must not be shown in logs or examples.
    public var isSecret: Bool
    /// A value for whoever tries the request out; without one it is sent only if it has to be.
    public var example: ParameterExample?

    /// Declares a parameter.
    public init(
        _ name: String, required: Bool = false, repeatable: Bool = false, longest: Int = 2048, secret: Bool = false,
        example: ParameterExample? = nil
    ) {
        self.name = name
        isRequired = required
        isRepeatable = repeatable
        self.longest = longest
        isSecret = secret
        self.example = example
    }
}

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
        all.first { haveSameBytes($0.name, name) }?.value
    }

    /// All values of a name.
    public func values(_ name: String) -> [String] {
        all.filter { haveSameBytes($0.name, name) }.map(\.value)
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
