// SPDX-License-Identifier: Apache-2.0

/// A request to the authorization endpoint, with a valid client and redirect URI (RFC 6749 section 4.1.1).
public struct AuthorizationRequest: Sendable {
    /// The client.
    public var client: Client
    /// The URI that the response goes to, even if the request left it out.
    public var redirectURI: String
    /// The values of `response_type`.
    public var words: Set<String>
    /// The grants of the flows that serve the request.
    public var grants: [GrantDeclaration]
    /// The declared parameters.
    public var parameters: Parameters
    /// The browser's request without its body: first the authorization request, later the request of a page.
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
