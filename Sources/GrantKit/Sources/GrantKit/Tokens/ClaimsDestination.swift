// SPDX-License-Identifier: Apache-2.0

/// Where claims about a person are going.
public enum ClaimsDestination: Sendable, Hashable {
    /// Into an identity token, which passes the browser and may be kept (OpenID Connect Core section 2).
    case identityToken
    /// To a client that asks with an access token (OpenID Connect Core section 5.3).
    case userinfo
}
