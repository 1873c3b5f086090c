// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// A client that may use each grant of the plugin, with the scope `read write`.
    ///
    /// - Parameter isPublic: Whether it has no credentials.
    /// - Returns: The client, which the host knows from now on.
    public func client(isPublic: Bool = false) -> Client {
        let keys = registry.grants.map(\.declaration.key) + registry.purposes.map(\.grant.key)
        let client = Client.test(
            id: "client-1", isPublic: isPublic, grants: Set(keys), scope: ["read", "write"])
        host.clients.add(client)
        return client
    }

    /// Signs a user in.
    ///
    /// - Parameter user: The user; by default `ann`. The host knows the user from now on.
    /// - Returns: The session, which lasts an hour.
    /// - Throws: The errors of the user directory.
    public func signIn(_ user: User? = nil) async throws -> UserSession {
        let user = try await known(user)
        let session = UserSession.test(
            id: Base64.encode(host.random.bytes(16)), user: user, authenticatedAt: host.clock.now, amr: ["pwd"],
            agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", address: "192.0.2.7")
        host.sessions.add(session)
        return session
    }

    /// Makes a caller with an access token.
    ///
    /// - Parameters:
    ///   - user: The user whom the token is for; nil for a token of the client itself.
    ///   - scope: The scope of the token.
    ///   - client: The client that it was issued to; by default one that may use each grant of the plugin.
    /// - Returns: The caller, whose token lasts an hour.
    /// - Throws: The errors of the user directory.
    public func bearer(of user: User? = nil, scope: Scope = [], client: Client? = nil) async throws -> Bearer {
        let client = client ?? self.client()
        let limits = AccessLimits(scope: scope)
        var authorization = Authorization(subject: .client(client.id), limits: limits)
        if let user { authorization = Authorization(user: try await known(user), limits: limits) }
        let token = ResolvedToken(
            kind: .access, id: Base64.encode(host.random.bytes(16)), clientID: client.id, issuedAt: host.clock.now,
            expiresAt: host.clock.now + .seconds(3600),
            authorization: authorization.issued(under: "test", grantID: Base64.encode(host.random.bytes(16))))
        return Bearer(token: token, client: client)
    }

    /// A user whom the host knows.
    private func known(_ user: User?) async throws -> User {
        let id = user?.id ?? "ann"
        let found: User? = try await host.users.find(id)
        if let found, user == nil { return found }
        let user = user ?? User(id: id, isActive: true, document: ["id": "ann", "userName": "ann.lee"])
        if found == nil { host.users.add(user) }
        return user
    }

    /// Whether something with one of these ids has been revoked.
    func isRevoked(_ ids: [String?]) async throws -> Bool {
        let keys = ids.compactMap { $0 }.map { StoreKey(TestTokens.collection, $0) }
        return try await host.records.read(keys).contains { $0 != nil }
    }
}
