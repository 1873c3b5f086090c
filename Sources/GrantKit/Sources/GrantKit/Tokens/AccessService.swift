// SPDX-License-Identifier: Apache-2.0

/// What the core does around access, lent to plugins that answer on another way.
public protocol AccessService: Sendable {
    /// The claims about a person that every source gives for an authorization; none where no person stands behind it.
    ///
    /// - Throws: `OAuthError` `invalid_token` if the person is unknown or inactive; what a source throws.
    func claims(
        for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member]
}
