// SPDX-License-Identifier: Apache-2.0

/// The place where claims will appear.
public enum ClaimsDestination: Sendable, Hashable {
    /// An ID token, which passes through the browser and may be kept (OpenID Connect Core section 2).
    case identityToken
    /// The userinfo response, which a client requests with an access token (OpenID Connect Core section 5.3).
    case userinfo
    /// A self-contained access token, which the client and every resource server of its audience can read (RFC 9068
    /// section 2.2.2).
    case accessToken
    /// The introspection response, which a resource server requests (RFC 7662 section 2.2).
    ///
    /// If the client itself requests it, the response has no claims about a user.
    case introspection
}
