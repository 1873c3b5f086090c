// SPDX-License-Identifier: Apache-2.0

/// A request to the token endpoint, after the core has identified the client and dropped undeclared parameters.
public struct TokenRequest: Sendable {
    /// The grant that was requested.
    public var grant: GrantDeclaration
    /// The client.
    public var client: Client
    /// The declared parameters.
    public var parameters: Parameters
    /// The request without its body.
    public var head: RequestHead
    /// The limits of what the client itself may have, narrowed to what it requested.
    ///
    /// A grant without a user grants no more than this.
    public var allowed: AccessLimits

    /// For the host: makes a request.
    @_spi(Host)
    public init(
        grant: GrantDeclaration, client: Client, parameters: Parameters, head: RequestHead, allowed: AccessLimits
    ) {
        self.grant = grant
        self.client = client
        self.parameters = parameters
        self.head = head
        self.allowed = allowed
    }
}
