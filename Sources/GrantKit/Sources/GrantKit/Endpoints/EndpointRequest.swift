// SPDX-License-Identifier: Apache-2.0

/// A request to an endpoint, after the core has authenticated its caller.
public struct EndpointRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The declared parameters.
    public var parameters: Parameters
    /// The client that called.
    public var client: Client

    /// For the host and for tests: a request.
    public init(head: RequestHead, parameters: Parameters, client: Client) {
        self.head = head
        self.parameters = parameters
        self.client = client
    }
}
