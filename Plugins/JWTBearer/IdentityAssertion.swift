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

    /// Whether a header says that the token is one; any other spelling than the usual ones is refused later.
    static func isType(of header: JSON) -> Bool {
        let name = header["typ"]?.string
        return name == type || name == "application/" + type
    }
}
