// SPDX-License-Identifier: Apache-2.0

/// A caller with an access token, which the core has checked (RFC 6750).
public struct Bearer: Caller {
    /// The access token.
    public var token: ResolvedToken
    /// The client that the token was issued to.
    public var client: Client

    /// For the host and for tests: makes a caller with a token.
    public init(token: ResolvedToken, client: Client) {
        self.token = token
        self.client = client
    }
}
