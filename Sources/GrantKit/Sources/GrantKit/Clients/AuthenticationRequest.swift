// SPDX-License-Identifier: Apache-2.0

/// The request with which a client authenticates.
public struct AuthenticationRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The parameters that the authenticator has declared, and `client_id`.
    public var parameters: Parameters

    /// Makes a request.
    public init(head: RequestHead, parameters: Parameters) {
        self.head = head
        self.parameters = parameters
    }
}
