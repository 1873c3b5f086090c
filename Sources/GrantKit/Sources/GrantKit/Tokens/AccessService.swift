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
}
