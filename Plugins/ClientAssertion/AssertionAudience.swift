// SPDX-License-Identifier: Apache-2.0

/// The values of the attribute `assertion_audience`.
enum AssertionAudience {
    static let issuer = "issuer"
    /// The issuer or the URL of the token endpoint, which older clients name.
    static let tokenEndpoint = "token_endpoint"
    static let all = [issuer, tokenEndpoint]

    /// Why new clients should not use the token endpoint.
    static let advice =
        "a malicious server that this client uses as well could have it sign an assertion for this server "
        + "(CVE-2025-27370); RFC 10070 allows only the issuer, so change it as soon as the client can"
}
