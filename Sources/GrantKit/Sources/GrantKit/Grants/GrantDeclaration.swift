// SPDX-License-Identifier: Apache-2.0

/// The names of a grant.
public struct GrantDeclaration: Sendable, Hashable {
    /// The value of `grant_type` in requests.
    public var wire: String
    /// The name in client documents: in `grant_types` and `auth.<key>`.
    public var key: String
    /// Other names that `grant_types` may contain.
    public var aliases: [String]
    /// The clients that may use it.
    public var client: ClientRequirement
    /// The name of a grant attribute.
    ///
    /// A client with this attribute true under one of its grants may use this grant without listing it.
    public var impliedBy: String?
    /// What new clients should use instead of this grant, and which specification says so; nil if nothing is better.
    public private(set) var advice: String?

    /// Declares a grant.
    ///
    /// - Parameters:
    ///   - wire: The value of `grant_type` in requests.
    ///   - key: The name in client documents; by default `wire`.
    ///   - aliases: Other names that `grant_types` may contain.
    ///   - client: The clients that may use it.
    ///   - impliedBy: The name of a grant attribute with which a client may use this grant without listing it.
    public init(
        _ wire: String, key: String? = nil, aliases: [String] = [], client: ClientRequirement, impliedBy: String? = nil
    ) {
        self.wire = wire
        self.key = key ?? wire
        self.aliases = aliases
        self.client = client
        self.impliedBy = impliedBy
    }

    /// The grant with advice against it.
    ///
    /// `grantor check` warns about clients that may use it.
    ///
    /// - Parameter advice: What new clients should use instead, and which specification says so.
    /// - Returns: The declaration with the advice.
    public func discouraged(_ advice: String) -> GrantDeclaration {
        var declaration = self
        declaration.advice = advice
        return declaration
    }

    /// Whether two declarations are the same apart from their advice.
    public static func == (left: GrantDeclaration, right: GrantDeclaration) -> Bool {
        left.wire == right.wire && left.key == right.key && left.aliases == right.aliases
            && left.client == right.client && left.impliedBy == right.impliedBy
    }

    /// Hashes the names.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(wire)
        hasher.combine(key)
    }
}
