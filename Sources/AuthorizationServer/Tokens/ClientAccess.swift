// SPDX-License-Identifier: Apache-2.0

import GrantKit

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
}
