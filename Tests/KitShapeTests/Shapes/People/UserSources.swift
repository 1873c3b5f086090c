// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Users of a directory server (RFC 4513).
struct LDAP: Plugin, UserSource {
    static let manifest = PluginManifest(id: "ldap", summary: "users of a directory", specification: "RFC 4513")

    let prefix = "ldap:"
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func find(_ id: String) async throws -> User? { User(id: id, isActive: true, document: ["id": .string(id)]) }

    func verify(login: String, password: Secret) async throws -> PasswordOutcome {
        // An empty password is an unauthenticated bind, which succeeds (RFC 4513 section 5.1.2).
        guard !password.exposed.isEmpty, login.utf8.allSatisfy({ (0x61...0x7A).contains($0) }) else { return .refused }
        let connection = try await host.connections.connect(to: "ldap.example.com", port: 389, startsTLS: true)
        try await connection.send(Array("BIND uid=\(login) \(password.exposed)".utf8))
        let isBound = try await connection.receive() == Array("0".utf8)
        await connection.close()
        guard isBound, let user = try await find(prefix + login) else { return .refused }
        return .verified(user)
    }
}

/// Users of an older system, which answers by HTTP.
struct LegacyUsers: Plugin, UserSource {
    static let manifest = PluginManifest(id: "legacy-users", summary: "users of an older system", specification: "")

    let prefix = "legacy:"
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func find(_ id: String) async throws -> User? { nil }

    func verify(login: String, password: Secret) async throws -> PasswordOutcome {
        let body: JSON = ["login": .string(login), "password": .string(password.exposed)]
        let reply = try await host.outbound.send(
            OutboundRequest("POST", "https://old.example.com/verify", body: body.bytes))
        guard reply.status == 200, let document = try? JSON(parsing: reply.body), let id = document["id"]?.string else {
            return .refused
        }
        return .verified(User(id: prefix + id, isActive: document["active"]?.bool ?? false, document: document))
    }
}
