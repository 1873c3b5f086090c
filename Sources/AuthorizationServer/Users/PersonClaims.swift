// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The claims about a user from every source; if two sources provide a claim, the first one counts.
struct PersonClaims: AccessService {
    let core: ServerCore

    func claims(
        for authorization: Authorization, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        guard case .user(let id) = authorization.subject, let generation = core.generation else { return [] }
        guard let user = try await core.users.find(id), user.isActive else {
            throw OAuthError(
                .invalidToken, "the user is inactive or no longer exists", reason: "there is no active user '\(id)'")
        }
        var all: [JSON.Member] = []
        for source in generation.capabilities.claimsSources {
            let given = try await source.claims(about: user, for: authorization, scope: scope, to: destination)
            all += given.filter { claim in
                source.claims.contains(claim.name) && !all.contains { $0.name == claim.name }
            }
        }
        return all
    }
}
