// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// The decisions of a test's host about scope, audience and claims.
public final class TestAccess: AccessService {
    private let sources = Mutex<[any ClaimsSource]>([])
    private let users: TestUsers

    init(_ users: TestUsers) {
        self.users = users
    }

    func use(_ more: [any ClaimsSource]) {
        sources.withLock { $0 += more }
    }

    /// The claims that sources return, each only those that it has declared; of two with one name, the first.
    public func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        let asked = sources.withLock { $0 }.filter { $0.destinations.contains(destination) }
        guard !asked.isEmpty else { return [] }
        let user = try await user(of: authorization, for: destination)
        guard user != nil || !destination.needsUser else { return [] }
        let request = ClaimsRequest(
            user: user, client: client, authorization: authorization, scope: scope, destination: destination)
        var all: [JSON.Member] = []
        for source in asked {
            for claim in try await source.claims(for: request)
            where source.claims.contains(claim.name) && !all.contains(where: { $0.name == claim.name }) {
                all.append(claim)
            }
        }
        return all
    }

    /// The user; nil for a client that acts for itself, and for a subject that the directory does not know.
    private func user(of authorization: Authorization, for destination: ClaimsDestination) async throws -> User? {
        guard case .user(let id) = authorization.subject else { return nil }
        let user: User? = try await users.find(id)
        guard user?.isActive ?? !destination.needsUser else {
            throw OAuthError(.invalidToken, "the user is inactive or no longer exists")
        }
        return user
    }

    /// What the client may have, narrowed to `scope` and `audience` of a request.
    public func limits(
        _ parameters: Parameters, for client: Client, under grant: GrantDeclaration
    ) async throws -> AccessLimits {
        guard client.grants.contains(grant.key) else {
            throw OAuthError(.unauthorizedClient, "the client may not use this grant")
        }
        var limits = AccessLimits(scope: client.scope)
        if let asked = parameters["scope"], !asked.isEmpty {
            let words = asked.utf8.split(separator: UInt8(ascii: " ")).map { String(Substring($0)) }
            guard words.allSatisfy({ client.scope.contains($0) }) else {
                throw OAuthError(.invalidScope, "the scope exceeds what the client may have")
            }
            limits.keep { words.contains($0) }
        }
        try limits.keep(audience: parameters.values("audience"))
        return limits
    }

    /// What a client may get out of a token of the host.
    public func derive(
        from token: ResolvedToken, for request: TokenRequest, audience: [String]
    ) async throws -> Authorization {
        if token.kind == .refresh, token.clientID != request.client.id {
            throw OAuthError(.invalidRequest, "the subject token is not accepted")
        }
        let recomputed = Set(sources.withLock { $0 }.flatMap(\.claims))
        return try .derived(from: token, for: request, audience: audience, recomputing: recomputed)
    }
}

extension ClaimsDestination {
    /// Whether its claims are always about a user.
    var needsUser: Bool { self == .identityToken || self == .userinfo }
}
