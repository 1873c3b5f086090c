// SPDX-License-Identifier: Apache-2.0

/// The token type identifiers (RFC 8693 section 3) that no product can have.
enum TokenType {
    static let access = "urn:ietf:params:oauth:token-type:access_token"

    static let ofServer =
        [access]
        + ["refresh_token", "id_token", "jwt", "saml1", "saml2"].map { "urn:ietf:params:oauth:token-type:\($0)" }
}
