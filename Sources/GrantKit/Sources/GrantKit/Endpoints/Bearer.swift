// SPDX-License-Identifier: Apache-2.0

/// The presenter of an access token (RFC 6750), which the core has checked.
public struct Bearer: Caller {
    /// The access token.
    public var token: ResolvedToken
    /// The client that the token was issued to.
    public var client: Client

    /// For the host and for tests: the presenter of a token.
    public init(token: ResolvedToken, client: Client) {
        self.token = token
        self.client = client
    }
}
