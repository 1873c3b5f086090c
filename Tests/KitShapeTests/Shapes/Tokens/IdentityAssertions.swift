// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues assertions for other servers (Identity Assertion Authorization Grant).
struct IdentityAssertions: Plugin, TokenProduct {
    static let manifest = PluginManifest(
        id: "identity-assertions", summary: "assertions for other servers",
        specification: "draft-ietf-oauth-identity-assertion-authz-grant")

    let types = ["urn:ietf:params:oauth:token-type:id-jag"]
    let longestLife = Duration.seconds(300)
    private let host: any LaterHost
    private let servers: [String]

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
        servers = try settings.read("servers", example: ["https://as.example.com"], "the servers they can be for")
    }

    func register(in registry: inout Registry) {
        registry.add(metadata: "identity_chaining_requested_token_types_supported", .union(types))
        registry.add(later: self)
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        let audience = contents.authorization.limits.audience
        guard audience.count == 1, let server = audience.first, servers.contains(server) else {
            throw OAuthError(.invalidTarget, "an assertion is for exactly one of the servers that are known")
        }
        let claims: JSON = [
            "iss": .string(host.issuer), "sub": .string(contents.authorization.subject.id), "aud": .string(server),
            "client_id": .string(contents.client.id), "jti": .string(contents.id),
            "scope": .string(contents.authorization.scope.description), "iat": .integer(contents.issuedAt.seconds),
            "exp": .integer(contents.expiresAt.seconds),
        ]
        return MintedToken(try await host.keys.sign(claims, type: "oauth-id-jag+jwt", algorithm: nil))
    }
}
