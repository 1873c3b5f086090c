// SPDX-License-Identifier: Apache-2.0

/// A request to a resource endpoint, after the core has checked the access token.
public struct ResourceRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The declared parameters.
    public var parameters: Parameters
    /// The access token that was presented.
    public var token: ResolvedToken
    /// The client that the token was issued to.
    public var client: Client
    /// What stands for the last segment of the route's path, decoded, if that is a variable.
    public var segment: String?
    /// The body, where the endpoint takes JSON and the request has one.
    public var body: JSON?

    /// For the host and for tests: a request.
    public init(head: RequestHead, parameters: Parameters, token: ResolvedToken, client: Client) {
        self.head = head
        self.parameters = parameters
        self.token = token
        self.client = client
    }
}
