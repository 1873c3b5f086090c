// SPDX-License-Identifier: Apache-2.0

/// The core's decisions about scope, audience and claims, for plugins with responses of their own.
public protocol AccessService: Sendable {
    /// Collects the claims for an authorization from all sources.
    ///
    /// - Parameters:
    ///   - authorization: What was granted.
    ///   - client: The client that it was granted to.
    ///   - scope: The part of the granted scope that the response or token has.
    ///   - destination: The place where the claims will appear. If the client acts for itself, an ID token and userinfo
    ///     get no claims.
    /// - Returns: The claims, each once. If two sources return the same claim, the first source wins.
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
    func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits
    /// What a client may get out of a token that this server has issued (RFC 8693).
    ///
    /// The result has the subject, grant, session and epoch of the token, and ends with each of them. It does not last
    /// longer than the token, its scope is part of the token's, the client's and the requested scope, and it allows no
    /// refresh token. A grant can only narrow it further: a `server_error` follows otherwise. The response contains the
    /// token alone, without what other plugins add to responses.
    ///
    /// The grant has to check that the client may present the token, and that it may get a token for the audience. The
    /// client's `audience` for the grant does not count.
    ///
    /// - Parameters:
    ///   - token: The token, as `TokenService.resolve` has returned it for this request.
    ///   - request: The request.
    ///   - audience: The audience of the result.
    /// - Returns: The authorization, to which the grant may add an actor, attachments and writes.
    /// - Throws: `OAuthError` `invalid_request` if nothing can be derived from the token, such as one that is bound to a
    ///   key; `invalid_target` without an audience.
    func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization
}
