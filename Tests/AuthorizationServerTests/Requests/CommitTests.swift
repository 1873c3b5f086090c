// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Synchronization
import Testing

@Suite("One commit for each response", .timeLimit(.minutes(10)))
struct CommitTests {
    /// Redeems a handle once, as a code does.
    struct Handle: Plugin, TokenGrant {
        static let manifest = PluginManifest(id: "handle", summary: "", specification: "")
        static let client: JSON = ["id": "c", "grant_types": ["handle"]]
        let declaration = GrantDeclaration("handle", client: .identified)
        let parameters = [ParameterDeclaration("handle", required: true)]
        let host: any PluginHost

        init(settings: Settings, host: any PluginHost) { self.host = host }

        func register(in registry: inout Registry) {
            registry.add(grant: self)
            registry.add(collection: StoreCollection("handle"))
        }

        func authorize(_ request: TokenRequest) async throws -> Authorization {
            let key = StoreKey("handle", try request.parameters.required("handle"))
            guard let row = try await host.store.read(key) else { throw OAuthError.invalidGrant(reason: "unknown") }
            var authorization = try Authorization(stored: row.value)
            authorization.writes = [.redeem(key)]
            return authorization
        }
    }

    private func server() async throws -> TestServer {
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, Handle.self].map { PluginSetup($0) }
        let server = try await TestServer(plugins, clients: [Handle.client])
        var authorization = Authorization(subject: .user("ann"), limits: AccessLimits(scope: []))
        authorization.grantID = "consent-1"
        let stored = authorization.issued(under: "handle", grantID: "").stored
        let row = StoreRecord(StoreKey("handle", "h1"), stored, expiresAt: Timestamp(seconds: 1_900_000_000))
        _ = try await server.core.store.write([.create(row)])
        return server
    }

    private func redeem(_ server: TestServer, _ handle: String = "h1") async -> Answer {
        await server.post("/auth/token", [("grant_type", "handle"), ("handle", handle), ("client_id", "c")])
    }

    private func isActive(_ server: TestServer, _ answer: Answer) async throws -> Bool {
        try await server.core.tokens.resolve(answer["access_token"] ?? "") != nil
    }

    @Test("redeeming something twice revokes everything issued from it", .clause("RFC 6749 section 4.1.2"))
    func replay() async throws {
        let server = try await server()
        let first = await redeem(server)
        #expect(try await isActive(server, first))
        #expect(await redeem(server).error == "invalid_grant")
        #expect(try await !isActive(server, first))
    }

    @Test(
        "of 64 racing redemptions of one handle one succeeds, and the replays revoke what it got",
        .clause("RFC 6749 section 4.1.2"), arguments: 0..<Races.rounds)
    func races(_ round: Int) async throws {
        let server = try await server()
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await redeem(server) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let won = answers.filter { $0.status == 200 }
        #expect(won.count == 1)
        #expect(answers.allSatisfy { $0.status == 200 || $0.error == "invalid_grant" })
        #expect(try await !isActive(server, try #require(won.first)))
    }

    @Test("a grant that is revoked before the commit issues nothing and uses up nothing")
    func revoked() async throws {
        let server = try await server()
        try await server.core.tokens.revoke(.grant("consent-1"), reason: "test")
        #expect(await redeem(server).error == "invalid_grant")
        #expect(try await server.core.store.read(StoreKey("handle", "h1"))?.isRedeemed == false)
    }

    @Test("a deleted handle revokes nothing")
    func gone() async throws {
        let server = try await server()
        let first = await redeem(server)
        #expect(await redeem(server, "h2").error == "invalid_grant")
        #expect(try await isActive(server, first))
    }

    @Test("a grant that throws an error of its own causes a server error that tells the client nothing")
    func foreignError() async throws {
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, Failing.self].map { PluginSetup($0) }
        let server = try await TestServer(plugins, clients: [["id": "c", "grant_types": ["failing"]]])
        let answer = await server.post("/auth/token", [("grant_type", "failing"), ("client_id", "c")])
        #expect(answer.status == 500 && answer.error == "server_error")
        #expect(answer["error_description"]?.contains("request-1") == true)
        #expect(answer["error_description"]?.contains("inner detail") == false)
        #expect(server.log.lines.contains { $0.contains("inner detail") && $0.contains("request-1") })
    }

    struct Failing: Plugin, TokenGrant {
        struct Inner: Error, CustomStringConvertible { let description = "inner detail" }
        static let manifest = PluginManifest(id: "failing", summary: "", specification: "")
        let declaration = GrantDeclaration("failing", client: .identified)
        init(settings: Settings, host: any PluginHost) {}
        func register(in registry: inout Registry) { registry.add(grant: self) }
        func authorize(_ request: TokenRequest) async throws -> Authorization { throw Inner() }
    }

    @Test("expired records are purged in batches, and valid ones stay")
    func purges() async throws {
        let server = try await server()
        let store = server.core.store
        for number in 0..<1200 {
            let key = StoreKey("handle", "old-\(number)")
            _ = try await store.write([.create(StoreRecord(key, [:], expiresAt: Timestamp(seconds: 1_700_000_000)))])
        }
        await StorePurger(server.core).round()
        #expect(try await store.read(StoreKey("handle", "old-7")) == nil)
        #expect(try await store.read(StoreKey("handle", "h1")) != nil)
        let metrics = server.core.metrics.text
        #expect(metrics.contains("grantor_store_purged_total 1200\n"))
        #expect(metrics.contains("grantor_store_purge_behind_seconds 0\n"))
    }

    @Test("metrics count requests by endpoint, grant and outcome")
    func metrics() async throws {
        let server = try await server()
        _ = await redeem(server)
        _ = await redeem(server, "h2")
        let text = server.core.metrics.text
        #expect(text.contains(#"grantor_requests_total{endpoint="token",grant="handle",outcome="ok"} 1"#))
        #expect(text.contains(#"grantor_requests_total{endpoint="token",grant="handle",outcome="invalid_grant"} 1"#))
        #expect(text.contains(#"grantor_request_duration_seconds_count{endpoint="token"} 2"#))
    }
}
