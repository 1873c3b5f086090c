// SPDX-License-Identifier: Apache-2.0

extension Authorization {
    /// For the host: what a client may get out of a token of this server.
    ///
    /// - Parameters:
    ///   - token: The token, as it was resolved.
    ///   - request: The request of the client.
    ///   - audience: The audience of the result.
    ///   - recomputed: The claims that are collected anew for the result.
    /// - Returns: The authorization.
    /// - Throws: `OAuthError` `invalid_request` if nothing can be derived from the token; `invalid_target` without an
    ///   audience, since an empty one means all.
    @_spi(Host)
    public static func derived(
        from token: ResolvedToken, for request: TokenRequest, audience: [String], recomputing recomputed: Set<String>
    ) throws -> Authorization {
        let original = token.authorization
        guard original.confirmation == nil else {
            throw OAuthError.unacceptable(reason: "the token is bound to a key, and nobody has proved to hold it")
        }
        // A token format would take another client for a user.
        if case .client(let id) = original.subject, id != request.client.id {
            throw OAuthError.unacceptable(reason: "the subject of the token is another client")
        }
        guard !audience.isEmpty else { throw OAuthError(.invalidTarget, "the request names no audience") }
        var limits = AccessLimits(
            scope: original.scope, audience: audience, notAfter: original.limits.notAfter, mayRefresh: false)
        limits.keep(scope: request.allowed.scope.contains)
        limits.end(by: token.expiresAt)
        var derived = Authorization(subject: original.subject, limits: limits)
        derived.copyOrigin(of: original)
        derived.claims = .object(original.claims.members.filter { !recomputed.contains($0.name) })
        derived.derivation = Derivation(token.id, derived)
        return derived
    }

    /// Copies what ends the original, and what it says about its subject.
    private mutating func copyOrigin(of original: Authorization) {
        (grantID, sessionID, epoch) = (original.grantID, original.sessionID, original.epoch)
        (authenticatedAt, acr, amr) = (original.authenticatedAt, original.acr, original.amr)
        (actor, mayAct) = (original.actor, original.mayAct)
    }
}

extension OAuthError {
    fileprivate static func unacceptable(reason: String) -> OAuthError {
        OAuthError(.invalidRequest, "the subject token is not accepted", reason: reason)
    }
}
