// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A grant that counts, and lets two requests read before either writes.
private struct CountingGrant: Plugin, TokenGrant {
    static let manifest = PluginManifest(id: "counting", summary: "counts", specification: "")
    static let uses = StoreCollection("counting")

    let declaration = GrantDeclaration("counting", client: .identified)
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(grant: self)
        registry.add(collection: Self.uses)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        let key = Self.uses.key("all")
        let found = try await host.store.read(key)
        for _ in 0..<50 { await Task.yield() }
        let used = found?.value["used"]?.integer ?? 0
        guard used < 2 else { throw OAuthError.invalidGrant(reason: "used up") }
        var authorization = Authorization(subject: .client(request.client.id), limits: request.allowed)
        let record = StoreRecord(key, ["used": .integer(used + 1)], expiresAt: host.now + .seconds(60))
        authorization.writes = [found.map { .replace(record, ifVersion: $0.version) } ?? .create(record)]
        return authorization
    }
}

@Suite("Requests that create the same record at once", .timeLimit(.minutes(10)))
struct FirstCountTests {
    private let client: JSON = ["id": "c", "grant_types": ["counting"], "scope": ["read"]]

    @Test("of two first requests, both are counted, and a third is refused")
    func both() async throws {
        for _ in 0..<20 {
            let server = try await TestServer(Plugins.all + [.init(CountingGrant.self)], clients: [client])
            let form = [("grant_type", "counting"), ("client_id", "c")]
            async let first = server.post("/auth/token", form)
            async let second = server.post("/auth/token", form)
            let statuses = await [first.status, second.status]
            #expect(statuses == [200, 200])
            #expect(await server.post("/auth/token", form).error == "invalid_grant")
        }
    }
}
