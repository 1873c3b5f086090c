// SPDX-License-Identifier: Apache-2.0

/// The contents of a new access token, or of a token that a `TokenProduct` makes.
public struct TokenContents: Sendable {
    /// The token's own identifier.
    public var id: String
    /// The client that it is issued to.
    public var client: Client
    /// The authorization that it represents, with the limits of this response.
    public var authorization: Authorization
    /// The claims from sources of claims.
    ///
    /// None of them has the name of a claim that the core sets.
    public var claims: [JSON.Member] = []
    /// The time of issue.
    public var issuedAt: Timestamp
    /// The time at which it expires.
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
