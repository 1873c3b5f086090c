// SPDX-License-Identifier: Apache-2.0

/// Who must stand behind a request.
public enum ClientRequirement: Sendable, Hashable {
    /// A client that authenticated.
    case confidential
    /// A known client; one that has credentials must have authenticated.
    case identified
}

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

/// A request to the token endpoint, after the core has authenticated the client and dropped what nobody declared.
public struct TokenRequest: Sendable {
    /// The grant that is asked for.
    public var grant: GrantDeclaration
    /// The client.
    public var client: Client
    /// The declared parameters.
    public var parameters: Parameters
    /// The request without its body.
    public var head: RequestHead
    /// What the client itself may have, narrowed to what it asked for: all that a grant without a user gives.
    public var allowed: AccessLimits

    /// For the host and for tests: a request.
    public init(
        grant: GrantDeclaration, client: Client, parameters: Parameters, head: RequestHead, allowed: AccessLimits
    ) {
        self.grant = grant
        self.client = client
        self.parameters = parameters
        self.head = head
        self.allowed = allowed
    }
}

/// Decides who is granted what, for one `grant_type` (RFC 6749 section 4).
///
/// It must not mint a token, write a response, authenticate the client or consume anything by itself: what it redeems
/// goes into `Authorization.writes`, which the core commits together with what is issued. It may be called again for
/// the same request when that commit meets a conflict.
public protocol TokenGrant: Sendable {
    /// The names of the grant.
    var declaration: GrantDeclaration { get }
    /// The parameters that it reads beyond `scope` and `audience`.
    var parameters: [ParameterDeclaration] { get }
    /// Decides.
    ///
    /// - Throws: `OAuthError` to refuse; a `StoreError` is answered as
    ///   `temporarily_unavailable`, any other error as `server_error`; both are logged.
    func authorize(_ request: TokenRequest) async throws -> Authorization
}

extension TokenGrant {
    /// None beyond what the core reads.
    public var parameters: [ParameterDeclaration] { [] }
}
