// SPDX-License-Identifier: Apache-2.0

/// A request to the authorization endpoint whose client and redirect URI are known good (RFC 6749 section 4.1.1).
public struct AuthorizationRequest: Sendable {
    /// The client.
    public var client: Client
    /// Where the answer goes, also if the request left it out.
    public var redirectURI: String
    /// The words of `response_type`.
    public var words: Set<String>
    /// The grants that the response would be issued under.
    public var grants: [GrantDeclaration]
    /// The declared parameters.
    public var parameters: Parameters
    /// The browser's request without its body: at first the authorization request, later that of a page.
    public var head: RequestHead

    /// For the host: a request.
    @_spi(Host)
    public init(
        client: Client, redirectURI: String, words: Set<String>, grants: [GrantDeclaration], parameters: Parameters,
        head: RequestHead
    ) {
        self.client = client
        self.redirectURI = redirectURI
        self.words = words
        self.grants = grants
        self.parameters = parameters
        self.head = head
    }
}
