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
