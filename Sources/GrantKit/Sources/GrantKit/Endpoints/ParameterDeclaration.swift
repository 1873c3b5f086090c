// SPDX-License-Identifier: Apache-2.0

/// A parameter that a grant or endpoint reads.
///
/// The core drops parameters that nothing declares.
public struct ParameterDeclaration: Sendable, Hashable {
    /// The parameter's name.
    public var name: String
    /// Whether a request without it is refused.
    public var isRequired: Bool
    /// Whether it may be repeated; if not, a request that repeats it is refused (RFC 6749 section 3.2).
    public var isRepeatable: Bool
    /// The longest value in bytes.
    public var longest: Int
    /// Whether its value is a secret, which logs and examples must not show.
    public var isSecret: Bool
    /// A value for `grantor try`.
    ///
    /// Without one, the parameter is sent only if it is required.
    public var example: ParameterExample?

    /// Declares a parameter.
    ///
    /// - Parameters:
    ///   - name: The parameter's name.
    ///   - required: Whether a request without it is refused.
    ///   - repeatable: Whether it may be repeated.
    ///   - longest: The longest value in bytes.
    ///   - secret: Whether its value is a secret, which logs and examples must not show.
    ///   - example: A value for `grantor try`.
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
