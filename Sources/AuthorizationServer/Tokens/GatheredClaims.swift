// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The claims from every source; if two sources give a claim, that of the first counts.
struct GatheredClaims {
    let core: ServerCore
    let generation: Generation?

    func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        let sources = (generation?.capabilities.claimsSources ?? [])
            .filter { $0.role.destinations.contains(destination) }
        guard !sources.isEmpty else { return [] }
        let user = try await user(of: authorization, for: destination)
        guard user != nil || !destination.needsUser else { return [] }
        let request = ClaimsRequest(
            user: user, client: client, authorization: authorization, scope: scope, destination: destination)
        var all: [JSON.Member] = []
        for source in sources {
            let claims = try await source.call("ClaimsSource.claims") { try await $0.claims(for: request) }
            for claim in claims
            where source.role.claims.contains(claim.name) && !all.contains(where: { $0.name == claim.name }) {
                all.append(claim)
            }
        }
        return all
    }

    /// The user of an authorization; nil for a client that acts for itself, and for a subject that the directory does
    /// not know: tokens for such a subject are valid, because only a plugin can tell who it is.
    private func user(of authorization: Authorization, for destination: ClaimsDestination) async throws -> User? {
        guard case .user(let id) = authorization.subject else { return nil }
        let user = try await core.users.find(id)
        guard user?.isActive ?? !destination.needsUser else {
            throw OAuthError(
                .invalidToken, "the user is inactive or no longer exists", reason: "there is no active user '\(id)'")
        }
        return user
    }
}

extension ClaimsDestination {
    /// Whether its claims are always about a user.
    fileprivate var needsUser: Bool { self == .identityToken || self == .userinfo }

    /// The members of access tokens and introspection responses that only the core sets (RFC 9068, RFC 7662).
    static let reserved: Set<String> = [
        "acr", "act", "active", "amr", "att", "aud", "auth_time", "client_epoch", "client_id", "cnf", "cnf_type",
        "epoch", "exp", "gid", "iat", "iss", "jti", "may_act", "nbf", "scope", "sid", "sub", "token_type", "username",
    ]
}
