// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Days and weeks of revocations at several nodes", .timeLimit(.minutes(20)))
struct RevocationHistoryTests {
    @Test(
        "generated histories of issuing, revoking, starting, reloading and passing time: memory and store agree",
        arguments: [2_000_000, 12])
    func histories(_ most: Int) async throws {
        var answers = [false: 0, true: 0]
        for seed in UInt64(1)...4 {
            let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
            defer { try? FileManager.default.removeItem(at: folder) }
            var history = History(path: folder.appendingPathComponent("s/a.db").path, most: most, seed: seed)
            for _ in 0...1 { try await history.start(nil) }
            try await history.addClient()
            for _ in 0..<250 { try await history.step() }
            await history.stop()
            answers.merge(history.answers) { $0 + $1 }
            #expect(history.refused > 5, "seed \(seed) has tried too little")
        }
        #expect(answers.values.allSatisfy { $0 > 20 }, "\(answers)")
    }
}

/// One history, which depends on its seed alone.
private struct History {
    /// A token, and what has happened to it.
    private struct Issued {
        let token: String
        let client: String
        let issuedAt: Timestamp
        let end: Timestamp
        var isRevoked = false
    }

    let path: String
    let most: Int
    private var random: SplitMix
    private var servers: [TestServer] = []
    private var followers: [StoreFollower] = []
    private var issued: [Issued] = []
    /// Kept, since a generation that is released stops its plugins, and the store is among them.
    private var former: [Generation] = []
    private var secret = ""
    /// The time that has passed, and how far each clock is from it.
    private var now = Duration.zero
    private var lifetime: Int64 = 900
    /// How many tokens were checked, by whether the memory was enough.
    private(set) var answers = [false: 0, true: 0]
    private(set) var refused = 0

    init(path: String, most: Int, seed: UInt64) {
        (self.path, self.most, random) = (path, most, SplitMix(state: seed))
    }

    private var clients: [JSON] {
        var client = TestServer.service
        client["auth"] = ["client_credentials": ["access_token_expiration": .integer(lifetime)]]
        return [client]
    }

    /// Starts a node, in place of another one; its clock is wrong by up to half a minute.
    mutating func start(_ place: Int?) async throws {
        let clock = ManualClock()
        clock.advance(now + .seconds(random.below(61) - 30))
        let store = PluginSetup(Plugins.sqliteStore, ["path": .string(path)])
        let server = try await TestServer(
            [store] + Plugins.all.dropFirst(), clients: clients, format: "jwt", clock: clock, mostRevocations: most)
        let follower = StoreFollower(server.core)
        for _ in 0..<2 { await follower.step() }
        guard let place else {
            servers.append(server)
            return followers.append(follower)
        }
        await stop(servers[place])
        (servers[place], followers[place]) = (server, follower)
    }

    func stop() async { for server in servers { await stop(server) } }

    private func stop(_ server: TestServer) async {
        for plugin in server.core.generation?.plugins ?? [] { await plugin.stop() }
    }

    /// Adds a client to the store, whose tokens live for four days.
    mutating func addClient() async throws {
        var document = StoredClientTests.orders
        document["auth"] = ["client_credentials": ["access_token_expiration": 345_600]]
        secret = try #require(try await servers[0].storedClients.create(document).secret).exposed
    }

    mutating func step() async throws {
        let node = random.below(2)
        switch random.below(24) {
        case 0...5: try await issue(at: node)
        case 6...9: try await revoke(at: node)
        case 10...13: pass()
        case 14: try await start(node)
        case 15: try await reload()
        case 16: try await age()
        default: try await present(at: node)
        }
    }

    private mutating func issue(at node: Int) async throws {
        let id = random.below(2) == 0 ? "service" : "orders"
        let answer = await servers[node].post(
            "/auth/token", [("grant_type", "client_credentials")],
            as: (id, id == "orders" ? secret : TestServer.serviceSecret))
        let (token, life) = (try #require(answer["access_token"]), try #require(answer.json["expires_in"]?.integer))
        let time = servers[node].clock.now
        issued.append(Issued(token: token, client: id, issuedAt: time, end: time + .seconds(life)))
    }

    private mutating func revoke(at node: Int) async throws {
        let time = servers[node].clock.now
        let good = issued.indices.filter { !issued[$0].isRevoked && issued[$0].end > time }
        guard !good.isEmpty else { return }
        let place = good[random.below(good.count)]
        let id = issued[place].client
        let answer = await servers[node].post(
            "/auth/revoke", [("token", issued[place].token)],
            as: (id, id == "orders" ? secret : TestServer.serviceSecret))
        #expect(answer.status == 200)
        issued[place].isRevoked = true
    }

    /// Lets seconds, minutes, hours or a day pass.
    private mutating func pass() {
        let span = Duration.seconds(random.below([60, 3600, 30_000, 86_400][random.below(4)]))
        now += span
        for server in servers { server.clock.move(span) }
    }

    private mutating func reload() async throws {
        lifetime = [900, 40_000, 86_400, 500_000][random.below(4)]
        for server in servers {
            if let generation = server.core.generation { former.append(generation) }
            server.core.install(try await server.generation(Plugins.all, clients: clients, format: "jwt"))
        }
    }

    /// Takes the time from a tombstone, as a node of an earlier version writes it.
    private mutating func age() async throws {
        let found = try await servers[0].core.store.page("revoked", after: nil, limit: 100)
        guard !found.isEmpty else { return }
        var record = found[random.below(found.count)]
        record.value = [:]
        _ = try await servers[0].core.store.write([.replace(record, ifVersion: record.version)])
    }

    private mutating func present(at node: Int) async throws {
        let (server, time) = (servers[node], servers[node].clock.now)
        let live = issued.filter { $0.end > time }
        guard !live.isEmpty else { return }
        // Twice, since a node that has too many tombstones begins again.
        for _ in 0..<2 { await followers[node].step() }
        let one = live[random.below(live.count)]
        let isActive = try await server.core.tokens.resolve(one.token) != nil
        let age = time - one.issuedAt
        #expect(isActive == !one.isRevoked, "a token of '\(one.client)', issued \(age) ago, at node \(node)")
        let memory = server.core.memory
        answers[memory.isCurrent && memory.ends.cover(tokenFrom: one.issuedAt), default: 0] += 1
        refused += isActive ? 0 : 1
    }
}
