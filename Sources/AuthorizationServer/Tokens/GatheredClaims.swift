// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The claims from every source; if two sources give a claim, that of the first counts.
struct GatheredClaims: AccessService {
    let core: ServerCore
    let generation: Generation?

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        let sources = (generation?.capabilities.claimsSources ?? []).filter { $0.destinations.contains(destination) }
        guard !sources.isEmpty else { return [] }
        let user = try await user(of: authorization)
        guard user != nil || destination.isForClients else { return [] }
        let request = ClaimsRequest(
            user: user, client: client, authorization: authorization, scope: scope, destination: destination)
        var all: [JSON.Member] = []
        for source in sources {
            let given = try await source.claims(for: request)
            all += given.filter { claim in
                source.claims.contains(claim.name) && !all.contains { $0.name == claim.name }
            }
        }
        return all
    }

    private func user(of authorization: Authorization) async throws -> User? {
        guard case .user(let id) = authorization.subject else { return nil }
        guard let user = try await core.users.find(id), user.isActive else {
            throw OAuthError(
                .invalidToken, "the user is inactive or no longer exists", reason: "there is no active user '\(id)'")
        }
        return user
    }
}

extension ClaimsDestination {
    /// Whether there are claims without a user, about a client that acts for itself.
    fileprivate var isForClients: Bool { self == .accessToken || self == .introspection }

    /// The members of access tokens and introspection responses that only the core sets (RFC 9068, RFC 7662).
    static let reserved: Set<String> = [
        "acr", "act", "active", "amr", "att", "aud", "auth_time", "client_epoch", "client_id", "cnf", "cnf_type",
        "epoch", "exp", "gid", "iat", "iss", "jti", "may_act", "nbf", "scope", "sid", "sub", "token_type", "username",
    ]
}
