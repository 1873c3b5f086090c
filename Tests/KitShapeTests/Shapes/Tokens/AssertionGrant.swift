// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes an assertion of another server (RFC 7523), or a token of this server on behalf of its user.
struct AssertionGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(
        id: "assertion-grant", summary: "assertions of other servers", specification: "RFC 7523")

    let declaration = GrantDeclaration(
        "urn:ietf:params:oauth:grant-type:jwt-bearer", key: "jwt_bearer", client: .confidential)
    let parameters = [ParameterDeclaration("assertion", required: true, longest: 8192, secret: true)]
    private let host: any LaterHost
    private let issuer: String
    private let keys: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        issuer = try settings.read("issuer", example: "https://idp.example.com", "the server whose assertions count")
        keys = try settings.read("jwks_uri", example: "https://idp.example.com/jwks", "the address of its keys")
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let assertion = try request.parameters.required("assertion")
        if let token = try await host.tokens.resolve(assertion) {
            guard token.authorization.limits.audience.contains(request.client.id) else {
                throw OAuthError.invalidGrant(reason: "the token is not for this client")
            }
            return try await host.access.derive(from: token, for: request, audience: request.allowed.audience)
        }
        let claims = try await verified(assertion, for: request.client)
        guard let id = claims["sub"]?.string, let user = try await host.users.find(id), user.isActive else {
            throw OAuthError.invalidGrant(reason: "the subject is not an active user")
        }
        var limits = request.allowed
        let words = (claims["scope"]?.string ?? "").split(separator: " ").map(String.init)
        limits.keep { words.contains($0) }
        limits.end(by: Timestamp(seconds: claims["exp"]?.integer ?? 0))
        limits.forbidRefresh()
        return Authorization(user: user, limits: limits)
    }

    private func verified(_ assertion: String, for client: Client) async throws -> JSON {
        var rules = JWTRules(types: ["oauth-id-jag+jwt"], issuer: issuer, audience: [host.issuer])
        rules.required = ["sub", "aud", "exp", "iat", "jti", "client_id"]
        do {
            let claims = try await host.foreignKeys.verify(assertion, by: .address(keys), rules).claims
            guard claims["client_id"]?.string == client.id, claims["cnf"] == nil else {
                throw JWTRefusal("it is for another client, or for a key")
            }
            return claims
        } catch let refusal as JWTRefusal {
            throw OAuthError.invalidGrant(reason: refusal.reason)
        }
    }
}
