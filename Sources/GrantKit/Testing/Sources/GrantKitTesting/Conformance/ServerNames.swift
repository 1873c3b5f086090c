// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The names that belong to the server, as the guide for authors lists them.
@_spi(Host)
public enum ServerNames {
    /// The names, after what has them.
    public static let all: [(what: String, names: [String])] = [
        (
            "collection",
            [
                "revoked", "session", "session_client", "job", "consent", "interaction", "key_ring", "user",
                "user_login", "user_identity", "user_epoch", "declared_user", "client", "client_origin",
                "sign_in_attempt", "sign_in_origin", "used_jwt", "store_mark", "server_presence",
            ]
        ),
        ("authentication method", ["client_secret_basic", "client_secret_post", "none"]),
        ("step", ["consent"]), ("form field", ["state", "csrf", "decision", "scope"]),
        ("response member", ["access_token", "token_type", "expires_in", "scope", "issued_token_type"]),
        ("token type", TokenType.ofServer), ("document", ["oauth-authorization-server", "jwks.json"]),
        (
            "client attribute",
            [
                "id", "secret", "active", "name", "description", "details", "type", "grant_types", "scope",
                "allowed_origins", "auth", "resourceType", "first_party", "jwks",
                "jwks_uri", "token_endpoint_auth_method",
            ]
        ),
        ("grant attribute", ["token_format", "access_token_expiration", "audience", "secret_required"]),
    ]

    /// What has the name of an attribute.
    static func kind(of attribute: AttributeDeclaration) -> String {
        attribute.level == .client ? "client attribute" : "grant attribute"
    }
}
