// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import Support
import Testing

/// Two servers on one store, each with a plugin and a memory of its own, and clocks that only the test moves.
private struct FollowingNodes {
    static let plugins = Plugins.discouraged.dropFirst()
    static let mobile: JSON = [
        "id": "mobile", "secret": "s3cret of the service", "grant_types": ["password"], "scope": ["read"],
    ]

    let servers: [TestServer]
    let followers: [StoreFollower]

    init(_ store: PluginSetup) async throws {
        var servers: [TestServer] = []
        for _ in 0...1 {
            servers.append(
                try await TestServer(
                    [store] + FollowingNodes.plugins, clients: [TestServer.service, FollowingNodes.mobile],
                    format: "jwt"))
        }
        self.servers = servers
        followers = servers.map { StoreFollower($0.core) }
        for follower in followers { for _ in 0..<2 { await follower.step() } }
    }

    func stop() async {
        for server in servers { for plugin in server.core.generation?.plugins ?? [] { await plugin.stop() } }
    }

    func pass(_ span: Duration) {
        for server in servers { server.clock.pass(span) }
    }
}

@Suite("A token that ended at one node is honoured at others for a second at most", .timeLimit(.minutes(20)))
struct StoreFollowerTests {
    /// The stores that several processes share.
    static let stores: [String] = {
        #if POSTGRESQL
        ["sqlite-store", "postgres-store", "postgres-store, without notifications"]
        #else
        ["sqlite-store"]
        #endif
    }()

    private func withNodes(_ name: String, _ body: (FollowingNodes) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        var setup = PluginSetup(Plugins.sqliteStore, ["path": .string(folder.appendingPathComponent("s/a.db").path)])
        #if POSTGRESQL
        if name != "sqlite-store" {
            let url = try PostgreSQLCluster.shared.get().schema()
            setup = PluginSetup(
                Plugins.postgresStore,
                [
                    "url": .string(url), "pool": 4, "statement_timeout": "60s",
                    "notifications": .bool(name == "postgres-store"),
                ])
        }
        #endif
        let nodes = try await FollowingNodes(setup)
        do { try await body(nodes) } catch {
            await nodes.stop()
            throw error
        }
        await nodes.stop()
    }

    /// A token, and what has happened to it.
    private struct Issued {
        let token: String
        let client: String
        let user: String?
        /// When it ended, by the clock that nobody sets, and at which node.
        var end: (moment: Duration, node: Int)?
    }

    @Test("generated interleavings of issuing, revoking, changing users, following and presenting", arguments: stores)
    func interleavings(_ store: String) async throws {
        for seed in UInt64(1)...6 {
            try await withNodes(store) { nodes in
                var run = Interleaving(nodes: nodes, seed: seed)
                for user in 0..<4 { try await nodes.servers[0].add(Interleaving.document(user)) }
                for _ in 0..<150 { try await run.step() }
                #expect(run.presented > 20 && run.ended > 3, "seed \(seed) has tried too little")
            }
        }
    }

    /// One sequence of steps, which depends on its seed alone.
    private struct Interleaving {
        let nodes: FollowingNodes
        var random: SplitMix
        var now = Duration.zero
        var issued: [Issued] = []
        var (presented, ended) = (0, 0)

        init(nodes: FollowingNodes, seed: UInt64) {
            (self.nodes, random) = (nodes, SplitMix(state: seed))
        }

        static func document(_ user: Int) -> JSON {
            ["id": .string("user\(user)"), "userName": .string("name\(user)"), "password": "correct horse"]
        }

        mutating func step() async throws {
            let node = random.below(2)
            switch random.below(20) {
            case 0...3: try await issue(at: node)
            case 4...5: try await revoke(at: node)
            case 6: try await change(user: random.below(4), at: node)
            case 7...9: await nodes.followers[node].step()
            case 10...12:
                let span = Duration.milliseconds(random.below(600))
                now += span
                nodes.pass(span)
            default: await present(at: node)
            }
        }

        private mutating func issue(at node: Int) async throws {
            guard random.below(2) == 0 else {
                let token = try #require(await nodes.servers[node].token()["access_token"])
                return issued.append(Issued(token: token, client: "service", user: nil))
            }
            let user = random.below(4)
            let answer = await nodes.servers[node].post(
                "/auth/token",
                [("grant_type", "password"), ("username", "name\(user)"), ("password", "correct horse")],
                as: ("mobile", TestServer.serviceSecret))
            // An inactive user gets none.
            guard let token = answer["access_token"] else { return }
            issued.append(Issued(token: token, client: "mobile", user: "user\(user)"))
        }

        private mutating func revoke(at node: Int) async throws {
            let own = issued.indices.filter { issued[$0].client == "service" && issued[$0].end == nil }
            guard !own.isEmpty else { return }
            let place = own[random.below(own.count)]
            await nodes.servers[node].revoke(issued[place].token)
            issued[place].end = (now, node)
            ended += 1
        }

        /// Makes a user inactive and active again, or another one with the same id, which ends the user's tokens.
        private mutating func change(user: Int, at node: Int) async throws {
            let (id, stored) = ("user\(user)", try nodes.servers[node].stored)
            if random.below(2) == 0 {
                try await stored.set(active: false, of: id)
                try await stored.set(active: true, of: id)
            } else {
                _ = try await stored.delete(id, if: .any)
                _ = try await stored.create(Interleaving.document(user))
            }
            for place in issued.indices where issued[place].user == id && issued[place].end == nil {
                issued[place].end = (now, node)
                ended += 1
            }
        }

        private mutating func present(at node: Int) async {
            guard !issued.isEmpty else { return }
            let one = issued[random.below(issued.count)]
            let answer = await nodes.servers[node].introspect(one.token, as: one.client)
            presented += 1
            let isActive = answer.json["active"] == true
            #expect(answer.status == 200)
            guard let end = one.end else {
                #expect(isActive, "a token that has not ended")
                return
            }
            guard end.node == node || now - end.moment >= .seconds(1) else { return }
            let ago = now - end.moment
            #expect(!isActive, "it ended \(ago) ago at node \(end.node), and is presented at node \(node)")
        }
    }

    @Test(
        "what another node ends is refused as soon as this one has asked, and after a second in any case",
        arguments: stores)
    func bound(_ store: String) async throws {
        try await withNodes(store) { nodes in
            let (here, there) = (nodes.servers[0], nodes.servers[1])
            for asks in [true, false] {
                let token = try #require(await there.token()["access_token"])
                #expect(await here.isActive(token))
                await there.revoke(token)
                #expect(await here.isActive(token), "it has not asked yet")
                if asks { await nodes.followers[0].step() } else { nodes.pass(.seconds(1)) }
                #expect(await !here.isActive(token))
            }
        }
    }

    @Test("a node that starts knows what was revoked before", arguments: stores)
    func start(_ store: String) async throws {
        try await withNodes(store) { nodes in
            let tokens = try await Many.tokens(450, of: nodes.servers[0])
            for token in tokens { await nodes.servers[0].revoke(token) }
            nodes.pass(.seconds(2))
            let follower = StoreFollower(nodes.servers[1].core)
            await follower.step()
            #expect(!nodes.servers[1].core.memory.isCurrent, "what has changed while it read is not known")
            await follower.step()
            #expect(nodes.servers[1].core.memory.isCurrent && nodes.servers[1].core.memory.ends.count == 450)
            for token in tokens { #expect(await !nodes.servers[1].isActive(token)) }
        }
    }

    @Test("real clocks: a token is not honoured at another node a second after it was revoked", arguments: stores)
    func running(_ store: String) async throws {
        try await withNodes(store) { nodes in
            let running = nodes.servers.map { server in
                let follower = StoreFollower(server.core)
                return Task { await follower.run() }
            }
            for _ in 0..<20 {
                let token = try #require(await nodes.servers[0].token()["access_token"])
                #expect(await nodes.servers[1].isActive(token))
                await nodes.servers[0].revoke(token)
                // The manual clocks do not move, so only the followers can end it.
                #expect(try await Patience.wait { await !nodes.servers[1].isActive(token) })
            }
            for task in running {
                task.cancel()
                await task.value
            }
        }
    }
}

/// Numbers that look random and depend on a seed alone.
struct SplitMix {
    var state: UInt64

    mutating func below(_ end: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return Int((mixed ^ (mixed >> 31)) % UInt64(end))
    }
}

private enum Many {
    static func tokens(_ count: Int, of server: TestServer) async throws -> [String] {
        var tokens: [String] = []
        for _ in 0..<count { tokens.append(try #require(await server.token()["access_token"])) }
        return tokens
    }
}
