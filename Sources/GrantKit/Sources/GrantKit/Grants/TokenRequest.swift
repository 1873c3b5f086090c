// SPDX-License-Identifier: Apache-2.0

/// A request to the token endpoint, after the core has authenticated the client and dropped what nobody declared.
public struct TokenRequest: Sendable {
    /// The grant that is asked for.
    public var grant: GrantDeclaration
    /// The client.
    public var client: Client
    /// The declared parameters.
    public var parameters: Parameters
    /// The request without its body.
    public var head: RequestHead
    /// What the client itself may have, narrowed to what it asked for: all that a grant without a user gives.
    public var allowed: AccessLimits

    /// For the host: a request.
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
