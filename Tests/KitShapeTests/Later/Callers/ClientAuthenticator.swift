// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What a client may send to prove who it is.
struct AuthenticationRequest: Sendable {
    var head: RequestHead
    var parameters: Parameters
}

/// The client that a request says it comes from, before anything has been checked.
struct ClientClaim: Sendable {
    var clientID: String
    /// The value of `token_endpoint_auth_method` that the client must have.
    var method: String
}

/// Authenticates clients, at every endpoint that admits them.
///
/// The core finds the client between the two functions and compares its method. A request with two claims is refused.
protocol ClientAuthenticator: LaterRole {
    /// The values of `token_endpoint_auth_method` that it checks.
    var methods: [String] { get }
    var parameters: [ParameterDeclaration] { get }
    /// The client that a request says it comes from; nil if the request does not use one of the methods.
    func claim(in request: AuthenticationRequest) async throws -> ClientClaim?
    /// Checks the claim, and gives the key that was proved with it, if that binds tokens.
    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws -> Proof?
}

extension ClientAuthenticator {
    var line: String { "authenticates \(methods.joined(separator: ","))" }
}
