// SPDX-License-Identifier: Apache-2.0

/// What the core does around access, lent to plugins that answer on another way.
public protocol AccessService: Sendable {
    /// Collects the claims that the sources give for an authorization.
    ///
    /// - Parameters:
    ///   - authorization: What was granted.
    ///   - client: The client that it was granted to.
    ///   - scope: The part of the granted scope that the response or token has.
    ///   - destination: The place where the claims will appear. If the client acts for itself, there are none for an ID
    ///     token and for userinfo.
    /// - Returns: The claims, each once. If two sources give one, that of the first counts.
    /// - Throws: `OAuthError` `invalid_token` if the user is inactive, or unknown for an ID token or userinfo; what a
    ///   source throws.
    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member]
    /// The limits of what a client may get under a grant, narrowed to what a request asks for.
    ///
    /// - Parameters:
    ///   - parameters: The parameters of the request; `scope` and `audience` are read.
    ///   - client: The client.
    ///   - grant: The grant.
    /// - Returns: The limits.
    /// - Throws: `OAuthError` `unauthorized_client` if the client may not use the grant; `invalid_scope` or
    ///   `invalid_target` if it asks for more than it may have.
    func limits(_ parameters: Parameters, for client: Client, under grant: GrantDeclaration) async throws -> AccessLimits
}
