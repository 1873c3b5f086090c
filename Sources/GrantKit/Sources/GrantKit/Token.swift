// SPDX-License-Identifier: Apache-2.0

/// A token that somebody presented, whatever its format.
public struct ResolvedToken: Sendable {
    /// What a token is for.
    public enum Kind: Sendable, Hashable {
        /// For resources.
        case access
        /// For the token endpoint.
        case refresh
    }

    /// What the token is for.
    public var kind: Kind
    /// The token's own identifier, by which it can be revoked.
    public var id: String
    /// The client it was issued to.
    public var clientID: String
    /// When it was issued.
    public var issuedAt: Timestamp
    /// When it ends.
    public var expiresAt: Timestamp
    /// What it carries.
    public var authorization: Authorization

    /// Makes a resolved token.
    public init(
        kind: Kind, id: String, clientID: String, issuedAt: Timestamp, expiresAt: Timestamp,
        authorization: Authorization
    ) {
        self.kind = kind
        self.id = id
        self.clientID = clientID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.authorization = authorization
    }
}

/// Recognises tokens that this server issued.
public protocol TokenResolver: Sendable {
    /// The token behind a value, or nil if it is not one of this resolver's; by shape first, then by looking it up.
    ///
    /// Whether it has expired or was revoked is the core's question.
    func resolve(_ value: String) async throws -> ResolvedToken?
}

/// What an access token is to carry.
public struct AccessTokenContents: Sendable {
    /// The token's own identifier.
    public var id: String
    /// The client it is issued to.
    public var client: Client
    /// What it carries; its limits are those of this answer.
    public var authorization: Authorization
    /// When it is issued.
    public var issuedAt: Timestamp
    /// When it ends.
    public var expiresAt: Timestamp

    /// Makes contents.
    public init(
        id: String, client: Client, authorization: Authorization, issuedAt: Timestamp, expiresAt: Timestamp
    ) {
        self.id = id
        self.client = client
        self.authorization = authorization
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
    }
}

/// A new token, and what must be committed for it to be known.
public struct MintedToken: Sendable {
    /// The value that the client gets.
    public var value: String
    /// What is committed with the answer.
    public var writes: [StoreWrite]

    /// Makes a minted token.
    public init(_ value: String, writes: [StoreWrite] = []) {
        self.value = value
        self.writes = writes
    }
}

/// Makes access tokens of one format and recognises them (RFC 6749 section 1.4).
public protocol TokenFormat: TokenResolver {
    /// The name that `token_format` of a client gives it.
    var name: String { get }
    /// Whether a resource can read the token without asking this server.
    var isSelfContained: Bool { get }
    /// Makes a token; what it must remember goes into the result's writes.
    func mint(_ contents: AccessTokenContents) async throws -> MintedToken
}
