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

    /// The claims that sources return, each only those that it has declared.
    public func claims(
        for authorization: Authorization, client: Client, scope: Scope, to destination: ClaimsDestination
    ) async throws -> [JSON.Member] {
        var user: User?
        if case .user(let id) = authorization.subject { user = try await users.find(id) }
        let request = ClaimsRequest(
            user: user, client: client, authorization: authorization, scope: scope, destination: destination)
        var claims: [JSON.Member] = []
        for source in sources.withLock({ $0 }) where source.destinations.contains(destination) {
            claims += try await source.claims(for: request).filter { source.claims.contains($0.name) }
        }
        return claims
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
}
