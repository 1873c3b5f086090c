// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// Issues what a grant has decided, as the core does it with products.
enum TokenAnswer {
    /// - Throws: `OAuthError` `invalid_request` for a type that nothing makes; what a product throws.
    static func make(
        _ authorization: Authorization, for request: TokenRequest, with registry: Registry, at now: Timestamp
    ) async throws -> JSON {
        let issued = authorization.issued(under: request.grant.key, grantID: "a-grant")
        guard let type = issued.issuedType else { return ["access_token": "at-1", "token_type": "Bearer"] }
        guard let product = registry.products.first(where: { $0.types.contains(type) }) else {
            throw OAuthError(.invalidRequest, "'requested_token_type' is not supported")
        }
        let end = min(issued.limits.notAfter ?? now + product.longestLife, now + product.longestLife)
        let contents = TokenContents(
            id: "token-1", client: request.client, authorization: issued, issuedAt: now, expiresAt: end)
        let token = try await product.make(contents)
        return [
            "access_token": .string(token.value), "issued_token_type": .string(type), "token_type": "N_A",
            "expires_in": .integer((end - now).components.seconds),
        ]
    }
}
