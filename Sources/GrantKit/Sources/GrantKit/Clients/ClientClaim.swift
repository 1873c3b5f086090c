// SPDX-License-Identifier: Apache-2.0

/// The client that a request says it comes from, before anything has been checked.
public struct ClientClaim: Sendable {
    /// The identifier of the client.
    public var clientID: String
    /// The name of the method that the request uses, which must be the registered one of the client.
    public var method: String

    /// Makes a claim.
    public init(clientID: String, method: String) {
        self.clientID = clientID
        self.method = method
    }
}
