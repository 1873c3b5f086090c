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
    /// A value for trying the request out; without one it is sent only if it has to be.
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
