// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues tokens for one transaction inside a trust domain (draft-ietf-oauth-transaction-tokens).
struct TransactionTokens: Plugin, TokenProduct {
    static let manifest = PluginManifest(
        id: "transaction-tokens", summary: "tokens for one transaction",
        specification: "draft-ietf-oauth-transaction-tokens")

    let types = ["urn:ietf:params:oauth:token-type:txn_token"]
    let longestLife = Duration.seconds(60)
    private let host: any PluginHost
    private let domain: String
    private let workload: GrantAttribute<String>

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        domain = try settings.read("trust_domain", example: "internal.example.com", "the audience of the tokens")
        workload = settings.grantAttribute("workload", default: "", "what such a token calls the client")
    }

    func register(in registry: inout Registry) {
        registry.add(product: self)
    }

    func make(_ contents: TokenContents) async throws -> MintedToken {
        let authorization = contents.authorization
        var claims: JSON = [
            "aud": .string(domain), "sub": .string(authorization.subject.id), "txn": .string(contents.id),
            "scope": .string(authorization.scope.description), "iat": .integer(contents.issuedAt.seconds),
            "exp": .integer(contents.expiresAt.seconds),
        ]
        let name = contents.client[workload, under: authorization.origin]
        claims["req_wl"] = .string(name.isEmpty ? contents.client.id : name)
        return MintedToken(try await host.keys.sign(claims, type: "txntoken+jwt", algorithm: nil))
    }
}
