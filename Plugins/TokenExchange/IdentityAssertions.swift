// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues assertions for other authorization servers (draft-ietf-oauth-identity-assertion-authz-grant-03).
///
/// This server never accepts one: it is no token of a type that it exchanges, and its issuer is this server.
struct IdentityAssertions: TokenProduct {
    /// The `typ` of the header.
    private static let type = "oauth-id-jag+jwt"

    let host: any PluginHost
    /// The issuer identifiers of the servers that assertions can be for.
    let servers: [String]
    let algorithm: String

    let types = [ExchangeType.identityAssertion.identifier]
    let longestLife = Duration.seconds(300)

    /// What a rule says about an assertion, for `make`.
    ///
    /// - Throws: `OAuthError` `invalid_target` for a resource that the rule does not list.
    static func details(of exchange: ExchangeRequest, _ rule: ExchangeRule) throws -> JSON {
        guard exchange.resources.allSatisfy(rule.resources.contains) else {
            throw OAuthError.target("the client may not get an assertion for the requested resource")
        }
        var details: JSON = ["client_id": .string(rule.clientID ?? exchange.client.id)]
        let resources = exchange.resources
        if let first = resources.first {
            details["resource"] = resources.count == 1 ? .string(first) : .strings(resources)
        }
        return details
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        let authorization = contents.authorization
        let audience = authorization.limits.audience
        guard audience.count == 1, let server = audience.first, servers.contains(server) else {
            throw OAuthError.target("an assertion is for exactly one of the servers that the operator has listed")
        }
        guard case .user(let user) = authorization.subject else {
            throw OAuthError.subject("an assertion is about a user, and its subject is a client")
        }
        let details = authorization.attachments[TokenExchange.manifest.id]
        var claims: JSON = [
            "iss": .string(host.issuer), "sub": .string(user), "aud": .string(server),
            "client_id": details?["client_id"] ?? .string(contents.client.id), "jti": .string(contents.id),
            // Even if it is empty, since the other server may take its absence for all scope.
            "scope": .string(authorization.scope.description), "iat": .integer(contents.issuedAt.seconds),
            "exp": .integer(contents.expiresAt.seconds),
        ]
        claims["resource"] = details?["resource"]
        claims["auth_time"] = (authorization.authenticatedAt?.seconds).map(JSON.integer)
        claims["acr"] = authorization.acr.map(JSON.string)
        if !authorization.amr.isEmpty { claims["amr"] = .strings(authorization.amr) }
        return MintedToken(try await host.keys.sign(claims, type: IdentityAssertions.type, algorithm: algorithm))
    }
}
