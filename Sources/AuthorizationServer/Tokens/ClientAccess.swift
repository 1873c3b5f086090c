// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The rules of the core about access, as it lends them to plugins.
struct ClientAccess: AccessService {
    let core: ServerCore
    let generation: Generation?

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        try await GatheredClaims(core: core, generation: generation)
            .claims(for: authorization, client: client, scope: scope, to: destination)
    }

    func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits {
        guard let generation, let registered = try await Clients(core, generation).registered(client.id),
            registered.client.grants.contains(grant.key), let plan = registered.plans[grant.key]
        else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        let narrowing = AccessNarrowing(registered: registered, generation: generation, issuer: core.issuer)
        var limits = try narrowing.narrow(try narrowing.requested(parameters, under: grant.key), plan)
        try narrowing.narrow(&limits, to: parameters)
        return limits
    }

    func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization {
        if token.kind == .refresh { try await checkRefresh(token, request.client) }
        return try Authorization.derived(
            from: token, for: request, audience: audience, recomputing: generation?.capabilities.claims ?? [])
    }

    /// Checks what a refresh would check: the client still may use the grant under which the token was issued.
    ///
    /// - Throws: `OAuthError` `invalid_request`; `StoreError`.
    private func checkRefresh(_ token: ResolvedToken, _ client: Client) async throws {
        let original = token.authorization
        guard let generation, let registered = try await Clients(core, generation).registered(client.id),
            client.id == token.clientID, client.grants.contains(original.origin),
            registered.isFirstParty || !original.restsOnFirstParty(generation)
        else {
            throw OAuthError(
                .invalidRequest, "the subject token is not accepted",
                reason: "the client could not use this refresh token to refresh")
        }
    }
}
