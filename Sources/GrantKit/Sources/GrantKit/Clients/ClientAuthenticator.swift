// SPDX-License-Identifier: Apache-2.0

/// Authenticates clients, at every endpoint that is for clients.
///
/// The core itself knows `client_secret_basic`, `client_secret_post` and `none`. For each request it asks all
/// authenticators for a claim. It refuses a request with two claims, or with a claim and a secret. Between `claim` and
/// `prove` it finds the client, and refuses one that has registered another method.
public protocol ClientAuthenticator: Sendable {
    /// The methods that it checks.
    var methods: [AuthenticationMethod] { get }

    /// The parameters that it reads, which every endpoint for clients then accepts.
    var parameters: [ParameterDeclaration] { get }

    /// The client that a request says it comes from.
    ///
    /// It must be quick, because it is called for every request of every client.
    ///
    /// - Parameter request: The request.
    /// - Returns: The claim; nil if the request uses none of the methods.
    /// - Throws: `OAuthError` `invalid_client` if it uses one, but no client can be found out.
    func claim(in request: AuthenticationRequest) async throws -> ClientClaim?

    /// Checks a claim.
    ///
    /// - Parameters:
    ///   - claim: The claim.
    ///   - client: The client of the claim, which has registered its method.
    ///   - request: The request.
    /// - Throws: `OAuthError` `invalid_client` if the claim is not proved.
    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws
}

extension ClientAuthenticator {
    /// No parameters.
    public var parameters: [ParameterDeclaration] { [] }
}
