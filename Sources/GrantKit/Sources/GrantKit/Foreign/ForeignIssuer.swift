// SPDX-License-Identifier: Apache-2.0

/// An issuer whose tokens a plugin accepts by its settings, for other plugins that accept tokens of issuers too.
///
/// So an operator writes an issuer's keys and rules once.
public struct ForeignIssuer: Sendable {
    /// The issuer identifier.
    public var name: String
    /// The keys of which one must have signed its tokens.
    public var keys: KeySource
    /// The rules that its tokens must follow, with the issuer and the audience.
    public var rules: JWTRules

    /// Makes an issuer.
    ///
    /// - Parameters:
    ///   - name: The issuer identifier.
    ///   - keys: The keys of which one must have signed its tokens.
    ///   - rules: The rules that its tokens must follow; their `issuer` becomes the name.
    public init(_ name: String, keys: KeySource, rules: JWTRules) {
        self.name = name
        self.keys = keys
        self.rules = rules
        self.rules.issuer = name
    }
}
