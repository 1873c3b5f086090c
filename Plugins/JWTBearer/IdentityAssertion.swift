// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The Identity Assertion JWT Authorization Grant (draft-ietf-oauth-identity-assertion-authz-grant-03).
enum IdentityAssertion {
    /// The `typ` of such a token.
    static let type = "oauth-id-jag+jwt"
    /// The name of the profile in the metadata (section 7).
    static let profile = "urn:ietf:params:oauth:grant-profile:id-jag"
    /// The claims that it must have (section 3.1).
    static let required = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]

    /// Whether a header says that the token is one.
    static func isType(of header: JSON) -> Bool {
        header["typ"]?.string.map(isType) ?? false
    }

    /// Whether a type is that of such a token.
    ///
    /// Its spelling must not matter. Otherwise another one, in a token or in a setting, would make an ordinary token of
    /// it, without the rules for these.
    static func isType(_ name: String) -> Bool {
        JWTRules.plainType(name) == type
    }
}
