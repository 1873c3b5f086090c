// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What another plugin's grant would give to a part under check: clients, users, requests and decisions.
struct SampleGrant: Sendable {
    /// Grant types that a server may have beside those of the plugin.
    private static let wires = ["client_credentials", "authorization_code", "refresh_token", "password"]
    static let userID = "ann"
    static let sessionID = "session-1"

    let plugin: TestPlugin
    /// Scope values of every kind, with all that the plugin names.
    let scope: Scope

    /// Adds a user and a session to the plugin's host, unless the test has prepared its own.
    init(_ plugin: TestPlugin) async throws {
        self.plugin = plugin
        let words = ["read", "write", "openid", "profile", "email", "address", "phone"]
        scope = Scope(words + plugin.registry.scopesOnRequest.sorted() + plugin.registry.requiredScopes.sorted())
        let host = plugin.host
        let known: User? = try await host.users.find(SampleGrant.userID)
        let user = known ?? SampleGrant.user(SampleGrant.userID)
        if known == nil { host.users.add(user) }
        guard try await host.sessions.find(SampleGrant.sessionID) == nil else { return }
        host.sessions.add(
            .test(id: SampleGrant.sessionID, user: user, authenticatedAt: host.clock.now), clients: ["client-1"])
    }

    /// A user with a document that has everything.
    static func user(_ id: String) -> User {
        User(
            id: id, isActive: true,
            document: [
                "id": .string(id), "userName": .string(id), "email": .string("\(id)@example.com"),
                "name": ["formatted": .string("Name of \(id)"), "givenName": "Ann", "familyName": "Example"],
                "phoneNumber": "+1 555 0100", "locale": "en", "data": ["email_verified": true, "department": "sales"],
            ])
    }

    /// The grant types of the plugin and of others.
    var wires: [String] {
        let own = plugin.registry.grants.map { $0.declaration.wire }
        return own + SampleGrant.wires.filter { wire in !own.contains(wire) }
    }

    /// A client with all scope and all grants, or the one that the test has prepared.
    func client(_ id: String = "client-1", isPublic: Bool = false) async throws -> Client {
        if let prepared = try await plugin.host.clients.find(id) { return prepared }
        let grants = wires + plugin.registry.grants.map { $0.declaration.key }
        return .test(id: id, isPublic: isPublic, grants: Set(grants), scope: scope)
    }

    func request(
        _ wire: String, from client: Client, _ parameters: Parameters = [:],
        head: RequestHead = RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7")
    ) -> TokenRequest {
        let own = plugin.registry.grants.map { $0.declaration }.first { $0.wire == wire }
        return .test(own ?? GrantDeclaration(wire, client: .identified), from: client, parameters, head: head)
    }

    func authorization(_ subject: Subject, scope: Scope? = nil) -> Authorization {
        var authorization = Authorization(subject: subject, limits: AccessLimits(scope: scope ?? self.scope))
        authorization.grantID = Base64.encode(plugin.host.random.bytes(16))
        guard case .user = subject else { return authorization }
        authorization.authenticatedAt = plugin.host.clock.now
        authorization.sessionID = SampleGrant.sessionID
        authorization.amr = ["pwd"]
        return authorization
    }
}
