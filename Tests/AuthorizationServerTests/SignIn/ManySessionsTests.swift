// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

/// A store call with as many keys as there are records fails at some point.
@Suite("Thousands of records of one user", .timeLimit(.minutes(10)))
struct ManySessionsTests {
    private static let many = 2000

    /// Creates sessions of a user in the store, as an earlier version left them; the first one is the oldest.
    private static func seed(_ count: Int, of user: String, in server: TestServer) async throws -> [String] {
        let found = try #require(try await server.core.users.find(user))
        let now = server.clock.now
        let ids = (0..<count).map { "\(user)-\(10_000 + $0)" }
        let records = ids.enumerated().map { number, id in
            StoreRecord(
                StoreKey("session", id),
                [
                    "user": .string(user), "secret": "-", "auth_time": .integer(now.seconds - 7200 + Int64(number)),
                    "epoch": .integer(found.epoch), "amr": [],
                ], expiresAt: now + .seconds(3600), indexes: ["user": user])
        }
        #expect(try await server.core.store.write(records.map { .create($0) }) == .committed)
        return ids
    }

    private static func sessions(of user: String, _ server: TestServer) async throws -> [String] {
        try await server.core.sessions.list(user: user).map(\.id)
    }

    @Test(
        "of 2,000 sessions the page shows the newest, each can be ended, and a client can list all of them")
    func shows() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("plain", server, browser, "openid profile sessions")
        let seeded = try await Self.seed(Self.many, of: "ann", in: server)
        let page = await browser.open("/auth/sessions")
        #expect(page.status == 200 && page.html.ranges(of: "name=\"session\"").count == 20)
        #expect(page.html.contains(seeded[1999]) && page.html.contains("This browser"))
        let csrf = page.hidden.first { $0.0 == "csrf" } ?? ("csrf", "none")
        let after = await browser.post("/auth/sessions", [csrf, ("confirmed", "1"), ("session", seeded[1999])])
        #expect(after.status == 200 && !after.html.contains(seeded[1999]))
        _ = await browser.post("/auth/sessions", [csrf, ("confirmed", "1"), ("session", seeded[0])])
        let bearer = [(name: "authorization", value: "Bearer \(flow.tokens["access_token"] ?? "")")]
        let list = await server.send("GET", "/Session", headers: bearer)
        #expect(list.status == 200 && list.json["total"]?.integer == Int64(Self.many))
        #expect(try await Self.sessions(of: "ann", server).count == Self.many - 1)
    }

    @Test(
        "a sign-in beyond 100 sessions ends the oldest with its tokens, notifies its clients and ends nobody else's")
    func bounded() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        let (oldest, bob, latest) = (Browser(server), Browser(server), Browser(server))
        let first = try await Leaving.use("shop", server, oldest)
        _ = await bob.signIn(
            await bob.authorize(BasicOPTests.request("query", [("client_id", "shop")])), "bob@example.com")
        server.clock.advance(.seconds(7300))
        _ = try await Self.seed(99, of: "ann", in: server)
        #expect(await !Leaving.isOver(oldest))
        _ = try await Leaving.use("shop", server, latest)
        #expect(try await Self.sessions(of: "ann", server).count == 100)
        #expect(await Leaving.isOver(oldest))
        #expect(await !Leaving.isActive(first.tokens["access_token"], "shop", server))
        #expect(await !Leaving.isOver(latest))
        #expect(await !Leaving.isOver(bob))
        #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == 1)
    }

    @Test("the limit also applies to sign-ins for the server's own pages, and a large excess ends bit by bit")
    func ownPages() async throws {
        let server = try await Leaving.server()
        let seeded = try await Self.seed(110, of: "ann", in: server)
        let browser = Browser(server)
        let there = await browser.signIn(await browser.open("/auth/sessions"))
        #expect(there.heading == "Where you are signed in")
        let left = try await Self.sessions(of: "ann", server)
        #expect(left.count == 100 && !left.contains(seeded[10]) && left.contains(seeded[11]))
        _ = try await Self.seed(110, of: "bob", in: server)
        let other = Browser(server)
        _ = await other.signIn(await other.open("/auth/sessions"), "bob@example.com")
        #expect(try await Self.sessions(of: "bob", server).count == 100)
    }

    @Test("many simultaneous sign-ins leave 100 sessions")
    func atOnce() async throws {
        let server = try await Leaving.server()
        _ = try await Self.seed(95, of: "ann", in: server)
        let landed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    let browser = Browser(server)
                    let page = await browser.authorize(BasicOPTests.request("query", [("client_id", "plain")]))
                    return await browser.signIn(page).query["code"] != nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(landed == 40)
        #expect(try await Self.sessions(of: "ann", server).count == 100)
    }

    private static func clients(_ count: Int) -> [JSON] {
        (0..<count).map { number in
            Leaving.client(
                "c-\(10_000 + number)",
                [
                    ("backchannel_logout_uri", .string("https://c\(number).example.com/logout")),
                    ("frontchannel_logout_uri", .string("https://c\(number).example.com/out")),
                ])
        }
    }

    @Test("when a session of 2,000 clients ends, each is notified, and the page stays within the limits of proxies")
    func manyClients() async throws {
        let outbound = RecordedOutbound()
        let clients = Self.clients(Self.many)
        let server = try await TestServer(
            clients: clients + [Leaving.plain, TestServer.service], users: Demo.users,
            passwords: CountingPasswords(), outbound: outbound)
        let browser = Browser(server)
        let flow = try await Leaving.use("plain", server, browser)
        let sid = flow.claims["sid"]?.string ?? ""
        let writes = clients.map { client in
            StoreWrite.create(
                StoreRecord(
                    StoreKey("session_client", "of-\(client["id"]?.string ?? "")"), ["client": client["id"] ?? .null],
                    expiresAt: server.clock.now + .seconds(3600), indexes: ["session": sid]))
        }
        #expect(try await server.core.store.write(writes) == .committed)
        let page = await Leaving.logout(browser, [("id_token_hint", flow.tokens["id_token"])])
        #expect(page.status == 200 && page.html.ranges(of: "<iframe").count == 50)
        #expect((page.header("content-security-policy") ?? "").utf8.count < 4096)
        #expect(await Leaving.isOver(browser))
        #expect(await JobRunner(server.core).round() == Self.many)
        #expect(Set(outbound.requests.map(\.url)).count == Self.many)
    }

    @Test("consents for 2,000 clients are shown page by page, and each can be withdrawn")
    func manyConsents() async throws {
        let server = try await TestServer(
            clients: Self.clients(Self.many) + [Leaving.plain, TestServer.service], users: Demo.users,
            passwords: CountingPasswords())
        let browser = Browser(server)
        _ = try await Leaving.use("plain", server, browser)
        let epoch = try #require(try await server.core.users.find("ann")).epoch
        let ids = (0..<Self.many).map { "c-\(10_000 + $0)" }
        let writes = ids.map { id in
            StoreWrite.create(
                StoreRecord(
                    StoreKey("consent", server.core.cryptography.digest("ann\u{0}\(id)")),
                    [
                        "user": "ann", "epoch": .integer(epoch), "client": .string(id), "id": .string("g-\(id)"),
                        "granted": ["openid"], "asked": ["openid"], "given": 1_800_000_000,
                    ], expiresAt: server.clock.now + .seconds(3600), indexes: ["user": "ann"]))
        }
        #expect(try await server.core.store.write(writes) == .committed)
        var seen: [String] = []
        var page = await browser.open("/auth/grants")
        let csrf = page.html.firstMatch(of: /name="csrf" value="([^"]*)"/).map { String($0.1) } ?? "none"
        while page.status == 200, seen.count <= Self.many {
            seen += page.html.matches(of: /name="client" value="([^"]*)"/).map { String($0.1) }
            guard let next = page.html.firstMatch(of: /name="after" value="([^"]*)"/) else { break }
            page = await browser.open("/auth/grants?after=\(next.1)")
        }
        #expect(seen == ids)
        _ = await browser.post("/auth/grants", [("csrf", csrf), ("confirmed", "1"), ("client", ids[1999])])
        #expect(try await server.core.consents.list(user: "ann").count == Self.many - 1)
    }

    @Test("2,000 declared users and clients are reloaded, and the removed users are recorded")
    func reloads() async throws {
        let users = (0..<Self.many).map { number -> JSON in
            ["id": .string("u-\(number)"), "password": .string(Demo.password), "inactive": true]
        }
        let server = try await TestServer(clients: Self.clients(Self.many), users: users)
        try await server.core.recordUsers()
        server.core.install(try await server.generation(Plugins.all, clients: [TestServer.service]))
        try await server.core.recordUsers()
        let left = try await server.core.store.find(
            "declared_user", by: "kind", equals: "declared", after: nil, limit: 10)
        #expect(left.isEmpty)
    }
}
