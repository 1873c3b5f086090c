// SPDX-License-Identifier: Apache-2.0

/// The names of a grant.
public struct GrantDeclaration: Sendable, Hashable {
    /// The `grant_type` on the wire.
    public var wire: String
    /// The name in `grant_types` and `auth.<key>` of clients.
    public var key: String
    /// Other names that clients may list it by.
    public var aliases: [String]
    /// Who may use it.
    public var client: ClientRequirement
    /// An attribute of every grant that, when true under one of them, lets a client use this grant unlisted.
    public var impliedBy: String?
    /// What is better, and which specification says so, of a grant that new clients should not use.
    public private(set) var advice: String?

    /// Declares a grant.
    ///
    /// - Parameters:
    ///   - wire: The `grant_type` on the wire.
    ///   - key: The name in client documents; the wire name unless given.
    ///   - aliases: Other names that clients may list it by.
    ///   - client: Who may use it.
    ///   - impliedBy: An attribute of every grant that lets a client use this grant unlisted.
    public init(
        _ wire: String, key: String? = nil, aliases: [String] = [], client: ClientRequirement, impliedBy: String? = nil
    ) {
        self.wire = wire
        self.key = key ?? wire
        self.aliases = aliases
        self.client = client
        self.impliedBy = impliedBy
    }

    /// The grant as one that new clients should not use: a configuration with clients that may is warned about them.
    ///
    /// - Parameter advice: What is better, and which specification says so.
    /// - Returns: The declaration with the advice.
    public func discouraged(_ advice: String) -> GrantDeclaration {
        var declaration = self
        declaration.advice = advice
        return declaration
    }

    /// Whether two declarations name one grant; advice is no part of a name.
    public static func == (left: GrantDeclaration, right: GrantDeclaration) -> Bool {
        left.wire == right.wire && left.key == right.key && left.aliases == right.aliases
            && left.client == right.client && left.impliedBy == right.impliedBy
    }

    /// Hashes what is compared.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(wire)
        hasher.combine(key)
    }
}
