// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("What ends a self-contained token is kept in memory", .timeLimit(.minutes(10)))
struct StoreMemoryTests {
    private static let password: JSON = [
        "id": "mobile", "secret": "s3cret of the service", "grant_types": ["password"], "scope": ["read"],
    ]
    private static let bea: JSON = ["id": "bea", "userName": "bea", "password": "correct horse"]

    private func server(
        format: String = "jwt", mostRevocations: Int = 1000
    ) async throws -> (server: TestServer, store: CountingStore) {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.discouraged.dropFirst()
        let server = try await TestServer(
            plugins, clients: [TestServer.service, Self.password], users: [Self.bea], format: format,
            mostRevocations: mostRevocations)
        try await server.add(People.ann)
        return (server, try #require(server.countingStore))
    }

    /// An access token of a client, or of a user.
    private func token(_ server: TestServer, of user: String? = nil) async throws -> String {
        guard let user else { return try #require(await server.token()["access_token"]) }
        let answer = await server.post(
            "/auth/token", [("grant_type", "password"), ("username", user), ("password", "correct horse")],
            as: ("mobile", TestServer.serviceSecret))
        return try #require(answer["access_token"], "\(answer.json)")
    }

    /// What introspection says, and how many reads and writes of the store it took.
    private func introspect(
        _ token: String, at server: TestServer, _ store: CountingStore, of user: String? = nil
    ) async -> (answer: Answer, reads: Int, writes: Int) {
        let (reads, writes) = (store.reads, store.writes)
        let answer = await server.introspect(token, as: user == nil ? "service" : "mobile")
        return (answer, store.reads - reads, store.writes - writes)
    }

    // MARK: reads

    @Test("introspection of a JWT reads and writes nothing", arguments: [nil, "bea", "ann"])
    func readsNothing(_ user: String?) async throws {
        let (server, store) = try await server()
        let token = try await token(server, of: user)
        // The record of a user is read once.
        let first = await introspect(token, at: server, store, of: user)
        #expect(first.answer.json["active"] == true && first.reads <= (user == nil ? 0 : 1))
        for _ in 0..<3 {
            let next = await introspect(token, at: server, store, of: user)
            #expect(next.answer.json == first.answer.json)
            #expect(next.reads == 0 && next.writes == 0)
        }
    }

    @Test("a JWT of a client in the store is introspected without a read, once the client's record is in memory")
    func storedClient() async throws {
        let (server, store) = try await server()
        let made = try await server.storedClients.create(StoredClientTests.orders)
        let secret = try #require(made.secret).exposed
        let answer = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("orders", secret))
        let token = try #require(answer["access_token"])
        for reads in [2, 1, 1] {
            let before = store.reads
            #expect(await server.introspect(token, as: "orders", secret).json["active"] == true)
            #expect(store.reads - before == reads, "the caller, who is a client in the store, is read each time")
        }
    }

    @Test("a token of another format is read from the store each time")
    func opaque() async throws {
        let (server, store) = try await server(format: "opaque")
        let token = try await token(server)
        for _ in 0..<2 {
            let found = await introspect(token, at: server, store)
            #expect(found.answer.json["active"] == true && found.reads == 2)
        }
    }

    @Test("a second after the last question, the store is read, and if that fails, the response is 503")
    func lapse() async throws {
        let (server, store) = try await server()
        let token = try await token(server)
        server.clock.pass(.milliseconds(999))
        store.fail(true)
        #expect(await introspect(token, at: server, store).answer.json["active"] == true)
        server.clock.pass(.milliseconds(1))
        let failed = await introspect(token, at: server, store)
        #expect(failed.answer.status == 503 && failed.answer.json["active"] == nil)
        store.fail(false)
        let read = await introspect(token, at: server, store)
        #expect(read.answer.json["active"] == true && read.reads == 1)
    }

    @Test("the time that the store takes for an answer counts")
    func slowAnswers() async throws {
        let (server, store) = try await server()
        let token = try await token(server)
        let follower = StoreFollower(server.core)
        await follower.step()
        store.afterAsking { server.clock.pass(.milliseconds(999)) }
        await follower.step()
        #expect(await introspect(token, at: server, store).reads == 0)
        store.afterAsking { server.clock.pass(.milliseconds(1000)) }
        await follower.step()
        #expect(await introspect(token, at: server, store).reads == 1)
    }

    @Test("a store that does not say what has changed is read each time")
    func noChanges() async throws {
        let plugins = [PluginSetup(WrongStorePlugin.self)] + Plugins.all.dropFirst()
        let server = try await TestServer(plugins, format: "jwt")
        #expect(!server.core.memory.isCurrent)
        let token = try await token(server)
        #expect(await server.isActive(token))
        await server.revoke(token)
        #expect(await !server.isActive(token))
        #expect(server.core.memory.ends.count == 0)
    }

    // MARK: what this node does

    @Test("a token that is revoked at this node is refused at once, without a read")
    func revoked() async throws {
        let (server, store) = try await server()
        let (token, other) = (try await token(server), try await token(server))
        await server.revoke(token)
        let found = await introspect(token, at: server, store)
        #expect(found.answer.json == ["active": false] && found.reads == 0)
        #expect(await server.isActive(other))
    }

    @Test("a record that was read while it changed is not kept")
    func staleRead() async throws {
        let (server, store) = try await server()
        let token = try await token(server, of: "ann")
        let stored = try server.stored
        store.afterReading {
            store.afterReading {}
            try? await stored.set(active: false, of: "ann")
        }
        #expect(await introspect(token, at: server, store, of: "ann").answer.json["active"] == true)
        for _ in 0..<2 {
            #expect(await introspect(token, at: server, store, of: "ann").answer.json == ["active": false])
        }
    }

    // MARK: bounds

    @Test("with too many revocations nothing is kept, the store is read, and the log says so")
    func overflow() async throws {
        let (server, store) = try await server(mostRevocations: 10)
        let token = try await token(server)
        for _ in 0..<11 { await server.revoke(try await self.token(server)) }
        let follower = StoreFollower(server.core)
        #expect(await follower.step() >= .seconds(60))
        #expect(server.core.memory.ends.count == 0 && !server.core.memory.isCurrent)
        #expect(server.log.lines.contains { $0.contains("too many revocations") })
        let found = await introspect(token, at: server, store)
        #expect(found.answer.json["active"] == true && found.reads == 1)
        await server.revoke(token)
        #expect(server.core.memory.ends.count == 0)
        #expect(await introspect(token, at: server, store).answer.json == ["active": false])
    }

    @Test("tombstones leave the memory when they expire")
    func expiry() async throws {
        let (server, _) = try await server()
        for _ in 0..<5 { await server.revoke(try await token(server)) }
        #expect(server.core.memory.ends.count == 5)
        let generation = try #require(server.core.generation)
        server.clock.advance(max(generation.longestLifetime, .seconds(366 * 86_400)) + .seconds(86_400))
        let follower = StoreFollower(server.core)
        for _ in 0..<2 { await follower.step() }
        #expect(server.core.memory.ends.count == 0)
        #expect(server.core.memory.isCurrent)
    }
}

extension TestServer {
    /// Revokes a token of the service client.
    func revoke(_ token: String) async {
        let answer = await post("/auth/revoke", [("token", token)], as: ("service", TestServer.serviceSecret))
        #expect(answer.status == 200, "\(answer.json)")
    }
}
