// SPDX-License-Identifier: Apache-2.0

/// Where claims about a person are going.
public enum ClaimsDestination: Sendable, Hashable {
    /// Into an identity token, which passes the browser and may be kept (OpenID Connect Core section 2).
    case identityToken
    /// To a client that asks with an access token (OpenID Connect Core section 5.3).
    case userinfo
}

/// Tells something about people.
public protocol ClaimsSource: Sendable {
    /// The names of all claims that it may give; any others that it gives are dropped.
    var claims: [String] { get }
    /// The claims of one authorization.
    ///
    /// - Parameters:
    ///   - user: The person.
    ///   - authorization: What was granted.
    ///   - scope: What this answer may carry of it.
    ///   - destination: Where the claims are going.
    /// - Returns: The claims, none of them twice.
    /// - Throws: Any error; the answer is then refused.
    func claims(
        about user: User, for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member]
}

/// What the core does around access, lent to plugins that answer on another way.
public protocol AccessService: Sendable {
    /// The claims about a person that every source gives for an authorization; none where no person stands behind it.
    ///
    /// - Throws: `OAuthError` `invalid_token` if the person is unknown or inactive; what a source throws.
    func claims(
        for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member]
}
