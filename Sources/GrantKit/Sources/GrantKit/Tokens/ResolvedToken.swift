// SPDX-License-Identifier: Apache-2.0

/// A token that was presented to the server, whatever its format.
public struct ResolvedToken: Sendable {
    /// The kind of a token.
    public enum Kind: Sendable, Hashable {
        /// An access token, for protected resources.
        case access
        /// A refresh token, for the token endpoint.
        case refresh
        /// An ID token, which says who has signed in and gives access to nothing.
        case identity
    }

    /// The kind of the token.
    public var kind: Kind
    /// The token's own identifier, by which it can be revoked.
    public var id: String
    /// The identifier of the client that it was issued to.
    public var clientID: String
    /// The time of issue.
    public var issuedAt: Timestamp
    /// The time at which it expires.
    public var expiresAt: Timestamp
    /// The authorization that it represents.
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
