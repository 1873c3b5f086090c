// SPDX-License-Identifier: Apache-2.0

/// For the host: the token type identifiers (RFC 8693 section 3) that no product can have.
@_spi(Host)
public enum TokenType {
    /// The type of access tokens.
    public static let access = "urn:ietf:params:oauth:token-type:access_token"

    /// All of them.
    public static let ofServer =
        [access]
        + ["refresh_token", "id_token", "jwt", "saml1", "saml2"].map { "urn:ietf:params:oauth:token-type:\($0)" }
}
