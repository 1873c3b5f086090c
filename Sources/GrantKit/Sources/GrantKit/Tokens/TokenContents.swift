// SPDX-License-Identifier: Apache-2.0

/// What an access token is to carry.
public struct TokenContents: Sendable {
    /// The token's own identifier.
    public var id: String
    /// The client it is issued to.
    public var client: Client
    /// What it carries; its limits are those of this answer.
    public var authorization: Authorization
    /// The claims that sources give for it, none of which the core sets.
    public var claims: [JSON.Member] = []
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
