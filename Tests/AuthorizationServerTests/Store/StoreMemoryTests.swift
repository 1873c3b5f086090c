// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("What ends a self-contained token is kept in memory", .timeLimit(.minutes(10)))
struct StoreMemoryTests {
    private static let password: JSON = [
        "id": "mobile", "secret": "s3cret of the service", "grant_types": ["password"], "scope": ["read"],
    ]
    private static let bea: JSON = ["id": "bea", "userName": "bea", "password": "correct horse"]

    private func server(
        format: String = "jwt", mostRevocations: Int = 1000, service: JSON = TestServer.service
    ) async throws -> (server: TestServer, store: CountingStore) {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.discouraged.dropFirst()
        let server = try await TestServer(
            plugins, clients: [service, Self.password], users: [Self.bea], format: format,
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

    @Test(
        "a token of another format is read each time, together with what could have ended it")
    func opaque() async throws {
        let (server, store) = try await server(format: "opaque")
        let token = try await token(server)
        for reads in [2, 1, 1] {
            let found = await introspect(token, at: server, store)
            #expect(found.answer.json["active"] == true && found.reads == reads)
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

    private static let hour = Duration.seconds(3600)

    @Test("tombstones leave the memory when every token from before them is more than a day old")
    func drop() async throws {
        let (server, store) = try await server()
        for _ in 0..<5 { await server.revoke(try await token(server)) }
        let follower = StoreFollower(server.core)
        server.clock.move(Self.hour * 25)
        for _ in 0..<2 { await follower.step() }
        #expect(server.core.memory.ends.count == 5)
        server.clock.move(.seconds(60))
        for _ in 0..<2 { await follower.step() }
        #expect(server.core.memory.ends.count == 0)
        #expect(server.core.memory.isCurrent)
        #expect(await introspect(try await token(server), at: server, store).reads == 0)
    }

    /// A client in the store whose tokens live for three days, which the configuration does not say.
    private func storedClient(_ server: TestServer) async throws -> (_ path: String) async -> String? {
        var document = StoredClientTests.orders
        document["auth"] = ["client_credentials": ["access_token_expiration": 259_200]]
        let secret = try #require(try await server.storedClients.create(document).secret).exposed
        return { path in
            let isToken = path == "token"
            let form = isToken ? [("grant_type", "client_credentials")] : [("token", path)]
            let answer = await server.post(isToken ? "/auth/token" : "/auth/revoke", form, as: ("orders", secret))
            return answer["access_token"]
        }
    }

    @Test("a token that is older than the tombstones in memory is checked in the store")
    func older() async throws {
        let (server, store) = try await server()
        let client = try await storedClient(server)
        let (good, bad) = (try #require(await client("token")), try #require(await client("token")))
        _ = await client(bad)
        for (age, reads) in [(Self.hour * 24, 0), (.seconds(1), 1), (Self.hour * 40, 1)] {
            server.clock.move(age)
            await server.follow()
            #expect(try await server.core.tokens.resolve(bad) == nil)
            // The record of the client is read once.
            _ = try await server.core.tokens.resolve(good)
            let before = store.reads
            #expect(try await server.core.tokens.resolve(good) != nil)
            #expect(store.reads - before == reads, "at an age of \(age) more")
        }
        #expect(server.core.memory.ends.count == 0)
    }

    /// The service client, whose tokens live for some seconds.
    private static func service(lifetime: Int64) -> JSON {
        var client = TestServer.service
        client["auth"] = ["client_credentials": ["access_token_expiration": .integer(lifetime)]]
        return client
    }

    @Test("with too many revocations the memory answers for younger tokens only, and the log says so")
    func halves() async throws {
        let (server, store) = try await server(mostRevocations: 10, service: Self.service(lifetime: 86_400))
        let old = [try await token(server), try await token(server)]
        await server.revoke(old[1])
        for _ in 0..<5 { await server.revoke(try await token(server)) }
        server.clock.move(Self.hour * 3)
        for _ in 0..<6 { await server.revoke(try await token(server)) }
        let young = [try await token(server), try await token(server)]
        await server.revoke(young[1])
        await server.follow()
        #expect(server.core.memory.isCurrent && server.core.memory.ends.count == 7)
        #expect(server.log.lines.contains { $0.contains("older tokens are checked in the store") })
        for (tokens, reads) in [(young, 0), (old, 1)] {
            for (token, isGood) in zip(tokens, [true, false]) {
                let found = await introspect(token, at: server, store)
                #expect(found.answer.json["active"] == .bool(isGood) && found.reads == reads)
            }
        }
        // As time passes, the memory answers for older tokens again.
        server.clock.move(Self.hour * 20)
        await server.follow()
        #expect(await introspect(young[0], at: server, store).reads == 0)
    }

    @Test("longer tokens that a reload allows are checked in memory for their whole life")
    func reload() async throws {
        let (server, store) = try await server()
        for _ in 0..<3 { await server.revoke(try await token(server)) }
        server.clock.move(Self.hour * 30)
        let follower = StoreFollower(server.core)
        for _ in 0..<2 { await follower.step() }
        #expect(server.core.memory.ends.count == 0)
        let clients = [Self.service(lifetime: 864_000)]
        server.core.install(try await server.generation(Plugins.discouraged, clients: clients, format: "jwt"))
        let (good, bad) = (try await token(server), try await token(server))
        await server.revoke(bad)
        for _ in 0..<9 {
            server.clock.move(Self.hour * 24)
            for _ in 0..<2 { await follower.step() }
            let (first, second) = (
                await introspect(good, at: server, store), await introspect(bad, at: server, store)
            )
            #expect(first.answer.json["active"] == true && first.reads == 0)
            #expect(second.answer.json == ["active": false] && second.reads == 0)
        }
    }

    @Test("a clock that was a year ahead, or two days behind, neither drops nor hides a revocation")
    func clock() async throws {
        let (server, store) = try await server()
        let (good, bad) = (try await token(server), try await token(server))
        await server.revoke(bad)
        let follower = StoreFollower(server.core)
        for jump in [Self.hour * 24 * 365, Self.hour * -48] {
            server.clock.advance(jump)
            server.clock.pass(.seconds(61))
            for _ in 0..<2 { await follower.step() }
            let (another, third) = (try await token(server), try await token(server))
            await server.revoke(another)
            #expect(await introspect(another, at: server, store).answer.json == ["active": false])
            #expect(await introspect(third, at: server, store).reads == 0, "the clock may also have been ahead before")
            server.clock.advance(.zero - jump)
            server.clock.pass(.seconds(61))
            for _ in 0..<2 { await follower.step() }
            #expect(await !server.isActive(bad))
            #expect(await introspect(good, at: server, store).answer.json["active"] == true)
        }
        #expect(await introspect(good, at: server, store).reads == 0)
    }

    @Test("a revocation that was committed with an old time, because the clock was behind, counts from its commit")
    func behind() async throws {
        let (server, store) = try await server()
        let bad = try await token(server)
        let follower = StoreFollower(server.core)
        for _ in 0..<2 { await follower.step() }
        server.clock.advance(Self.hour * -30)
        await server.revoke(bad)
        for _ in 0..<2 { await follower.step() }
        server.clock.advance(Self.hour * 30)
        server.clock.pass(.seconds(61))
        for _ in 0..<2 { await follower.step() }
        let found = await introspect(bad, at: server, store)
        #expect(found.answer.json == ["active": false])
    }

    @Test("tombstones of earlier versions, which do not say when they were written, count")
    func earlier() async throws {
        let (server, store) = try await server()
        let tokens = [try await token(server), try await token(server)]
        for token in tokens { await server.revoke(token) }
        for record in try await server.core.store.page("revoked", after: nil, limit: 10) {
            #expect(record.value["at"]?.integer == server.clock.now.seconds)
            var former = record
            former.value = [:]
            _ = try await server.core.store.write([.replace(former, ifVersion: record.version)])
        }
        server.core.memory.stop()
        await server.follow()
        #expect(server.core.memory.ends.count == 2)
        for token in tokens {
            let found = await introspect(token, at: server, store)
            #expect(found.answer.json == ["active": false] && found.reads == 0)
        }
        server.core.memory.stop()
        // All plugins that are loaded keep records for 400 days at most, so a tombstone lived for at most 401 days.
        server.clock.move(Self.hour * 24 * 36)
        await server.follow()
        #expect(server.core.memory.ends.count == 0)
    }

    @Test("a node that starts keeps only the tombstones that tokens can need")
    func start() async throws {
        let (server, _) = try await server()
        for _ in 0..<250 { await server.revoke(try await token(server)) }
        server.clock.move(Self.hour * 26)
        for _ in 0..<3 { await server.revoke(try await token(server)) }
        server.core.memory.stop()
        await server.follow()
        #expect(server.core.memory.isCurrent && server.core.memory.ends.count == 3)
    }
}

extension ManualClock {
    /// Lets time pass by both clocks.
    func move(_ span: Duration) {
        advance(span)
        pass(span)
    }
}

extension TestServer {
    /// Revokes a token of the service client.
    func revoke(_ token: String) async {
        let answer = await post("/auth/revoke", [("token", token)], as: ("service", TestServer.serviceSecret))
        #expect(answer.status == 200, "\(answer.json)")
    }
}
