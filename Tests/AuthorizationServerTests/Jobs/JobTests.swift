// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// The jobs here send logout tokens, since each of these goes to a different client.
@Suite("Background jobs are done, and none holds back another", .timeLimit(.minutes(10)), .serialized)
struct JobTests {
    private static func address(_ id: String) -> String { "https://\(id).example.com/logout" }

    private static func server(
        _ outbound: any OutboundHTTP, _ clients: [String], _ plugins: [PluginSetup] = Plugins.all
    ) async throws -> TestServer {
        try await TestServer(
            plugins,
            clients: clients.map { id in
                Leaving.client(id, [("backchannel_logout_uri", .string(address(id)))])
            }, users: Demo.users, passwords: CountingPasswords(), outbound: outbound)
    }

    private static func job(for client: String, notBefore: Timestamp? = nil) -> Job {
        var job = Job(
            "backchannel-logout", ["client": .string(client), "sid": "s", "sub": "ann", "jti": "j"],
            limit: .seconds(86400))
        job.notBefore = notBefore
        return job
    }

    private static func put(_ count: Int, for clients: [String], _ server: TestServer) async throws {
        for client in clients {
            var writes: [StoreWrite] = []
            for _ in 0..<count { writes.append(try await server.core.jobs.enqueue(job(for: client))) }
            #expect(try await server.core.store.write(writes) == .committed)
        }
    }

    /// The time until a condition holds, up to a number of seconds.
    private static func time(_ seconds: Int, until condition: () async -> Bool) async -> Duration {
        let start = ContinuousClock.now
        while await !condition(), ContinuousClock.now - start < .seconds(seconds) {
            try? await Task.sleep(for: .milliseconds(5))
        }
        return ContinuousClock.now - start
    }

    /// Runs nodes while a test checks something.
    private static func running(
        _ server: TestServer, nodes: Int = 1, lookingEvery interval: Duration = .seconds(5),
        _ body: () async throws -> Void
    ) async throws {
        let tasks = (0..<nodes).map { _ in Task { await JobRunner(server.core, lookingEvery: interval).run() } }
        defer { for task in tasks { task.cancel() } }
        try await body()
    }

    @Test("a client that accepts connections and never responds delays no other, however many jobs wait for it")
    func oneHangs() async throws {
        let outbound = HangingOutbound(limit: .seconds(3600)) { $0.contains("//hangs.") }
        let server = try await Self.server(outbound, ["hangs", "good"])
        try await Self.running(server) {
            try await Self.put(100, for: ["hangs"], server)
            try await Patience.wait { outbound.requests(to: Self.address("hangs")) > 0 }
            for number in 1...3 {
                try await Self.put(1, for: ["good"], server)
                let isDone = try await Patience.wait { outbound.answers(of: Self.address("good")) == number }
                #expect(isDone, "the hanging attempts take an hour")
            }
            #expect(outbound.requests(to: Self.address("hangs")) <= 8, "it has a share of the places, and no more")
        }
    }

    @Test(
        "if 900 of 1,000 clients hang, the others are notified, requests stay limited, and new clients need not wait"
    )
    func mostHang() async throws {
        let outbound = HangingOutbound(limit: .milliseconds(300)) { $0.contains("//hangs-") }
        let hanging = (0..<900).map { "hangs-\($0)" }
        let good = (0..<100).map { "good-\($0)" }
        let server = try await Self.server(outbound, hanging + good)
        try await Self.put(2, for: hanging + good, server)
        try await Self.running(server) {
            _ = await Self.time(300) { outbound.answers == 200 }
            #expect(outbound.answers == 200)
            #expect(outbound.most <= 256)
            for number in 0..<20 {
                server.clock.advance(.seconds(60))
                let client = good[number]
                let before = outbound.answers(of: Self.address(client))
                try await Self.put(1, for: [client], server)
                _ = await Self.time(120) { outbound.answers(of: Self.address(client)) > before }
                #expect(outbound.answers(of: Self.address(client)) > before)
            }
        }
    }

    @Test("a client that responds again gets everything that was waiting, after one successful attempt")
    func recovers() async throws {
        let outbound = HangingOutbound(limit: .milliseconds(20)) { _ in true }
        let server = try await Self.server(outbound, ["shop"])
        let runner = JobRunner(server.core)
        try await Self.put(50, for: ["shop"], server)
        #expect(await runner.round() == 0 && outbound.requests(to: Self.address("shop")) == 8)
        #expect(await runner.round() == 0 && outbound.requests(to: Self.address("shop")) == 8, "it rests")
        for number in 1...6 {
            server.clock.advance(.seconds(400))
            #expect(await runner.round() == 0 && outbound.requests(to: Self.address("shop")) == 8 + number)
        }
        outbound.hang { _ in false }
        server.clock.advance(.seconds(3600))
        #expect(await runner.round() == 50)
        #expect(await runner.round() == 0 && outbound.answers == 50)
    }

    @Test("a job that keeps failing does not hold up the jobs after it")
    func poison() async throws {
        let outbound = RecordedOutbound()
        let server = try await Self.server(outbound, ["shop"])
        outbound.answer(400)
        try await Self.put(20, for: ["shop"], server)
        for _ in 0..<30 {
            await JobRunner(server.core).round()
            server.clock.advance(.seconds(2))
        }
        outbound.answer(200)
        try await Self.put(1, for: ["shop"], server)
        #expect(await JobRunner(server.core).round() >= 1)
        server.clock.advance(.seconds(7200))
        await JobRunner(server.core).round()
        let left = try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 100)
        #expect(left.isEmpty)
    }

    @Test("several nodes on one store share the jobs, and none is done twice")
    func nodes() async throws {
        let outbound = HeldOutbound()
        let clients = (0..<40).map { "c-\($0)" }
        let server = try await Self.server(outbound, clients)
        try await Self.put(40, for: clients, server)
        try await Self.running(server, nodes: 4) {
            // A node takes at most 256 jobs, so three nodes cannot have this many.
            try await Patience.wait { outbound.asked.count > 3 * 256 }
            #expect(outbound.asked.count > 3 * 256)
            outbound.letGo()
            try await Patience.wait { try await Self.isEmpty(server) }
        }
        for client in clients { #expect(outbound.asked.count { $0 == Self.address(client) } == 40) }
    }

    /// Servers that respond when the test lets them.
    private final class HeldOutbound: OutboundHTTP {
        private let state = Mutex<(asked: [String], isOpen: Bool)>(([], false))

        var asked: [String] { state.withLock { $0.asked } }
        func letGo() { state.withLock { $0.isOpen = true } }

        func send(_ request: OutboundRequest) async throws -> OutboundReply {
            state.withLock { $0.asked.append(request.url) }
            try await Patience.wait(.milliseconds(20)) { state.withLock { $0.isOpen } }
            return OutboundReply(status: 200)
        }
    }

    private static func isEmpty(_ server: TestServer) async throws -> Bool {
        try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 1).isEmpty
    }

    @Test("looking for due jobs reads a few rows of a paused client, however many jobs wait for it")
    func cheap() async throws {
        let outbound = HangingOutbound(limit: .milliseconds(10)) { _ in true }
        let server = try await Self.server(
            outbound, ["shop", "other"], [.init(CountingStore.self)] + Plugins.all.dropFirst())
        let store = try #require(server.countingStore)
        try await Self.put(5000, for: ["shop"], server)
        try await Self.put(1, for: ["other"], server)
        let runner = JobRunner(server.core)
        await runner.round()
        let before = store.found
        await runner.round()
        #expect(store.found - before <= 200, "\(store.found - before) rows were read for nothing")
    }

    @Test("a job that a plugin commits itself is done at once")
    func woken() async throws {
        let outbound = HangingOutbound(limit: .seconds(1)) { _ in false }
        let server = try await Self.server(outbound, ["shop"])
        let host = try #require(server.core.generation?.plugins.first { $0.id == "logout" }).host
        // Checks of the whole store would take half a day for these.
        try await Self.running(server, lookingEvery: .seconds(3600)) {
            for number in 1...12 {
                let job = try await host.jobs.enqueue(Self.job(for: "shop"))
                let outcome = try await host.store.write([job])
                #expect(outcome == .committed)
                let isDone = try await Patience.wait { outbound.answers(of: Self.address("shop")) == number }
                #expect(isDone)
            }
        }
    }

    @Test("a job with a time is not done before it, delays no job that is due, and is tried from then on")
    func later() async throws {
        let outbound = RecordedOutbound()
        let server = try await Self.server(outbound, ["shop"])
        // Later than the limit, which is a day.
        let time = server.clock.now + .seconds(3 * 86400)
        let late = try await server.core.jobs.enqueue(Self.job(for: "shop", notBefore: time))
        #expect(try await server.core.store.write([late]) == .committed)
        let past = server.clock.now + .seconds(-60)
        let soon = try await server.core.jobs.enqueue(Self.job(for: "shop", notBefore: past))
        #expect(try await server.core.store.write([soon]) == .committed)
        #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == 1)
        server.clock.advance(.seconds(3 * 86400 - 1))
        await StorePurger(server.core).round()
        #expect(await JobRunner(server.core).round() == 0)
        server.clock.advance(.seconds(1))
        #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == 2)
    }

    @Test("a job that an earlier version wrote to the store is done")
    func former() async throws {
        let outbound = RecordedOutbound()
        let server = try await Self.server(outbound, ["shop"])
        let record = StoreRecord(
            StoreKey("job", "q4T-9_ZkJ0aW1kY0b0N0aA"),
            [
                "handler": "backchannel-logout", "payload": ["client": "shop", "sid": "s", "sub": "ann", "jti": "j"],
                "attempts": 0, "due": .integer(server.clock.now.seconds),
            ], expiresAt: server.clock.now + .seconds(60), indexes: ["queue": "all"])
        #expect(try await server.core.store.write([.create(record)]) == .committed)
        #expect(await JobRunner(server.core).round() == 1 && outbound.requests.count == 1)
    }

    // MARK: browsers wait a moment

    private static func waiting(_ limit: JSON) -> [PluginSetup] {
        Plugins.all.map { setup in
            setup.type == Plugins.logout
                ? PluginSetup(setup.type, ["algorithm": "ES256", "delivery_wait": limit]) : setup
        }
    }

    @Test("the clients are notified before the browser is redirected")
    func toldFirst() async throws {
        let outbound = HangingOutbound(limit: .seconds(20)) { _ in false }
        let server = try await Self.server(outbound, ["shop", "other"], Self.waiting("5s"))
        try await Self.running(server) {
            for number in 1...10 {
                let browser = Browser(server)
                let flow = try await Leaving.use("shop", server, browser)
                _ = try await Leaving.use("other", server, browser)
                let answer = await Leaving.logout(
                    browser,
                    [("id_token_hint", flow.tokens["id_token"]), ("post_logout_redirect_uri", Leaving.goodbye)])
                #expect(answer.landing == Leaving.goodbye && outbound.answers == 2 * number)
            }
        }
    }

    private typealias SignedIn = (browser: Browser, hint: String?)

    private static func browsers(_ count: Int, _ server: TestServer) async throws -> [SignedIn] {
        var browsers: [SignedIn] = []
        for _ in 0..<count {
            let browser = Browser(server)
            browsers.append((browser, try await Leaving.use("hangs", server, browser).tokens["id_token"]))
        }
        return browsers
    }

    /// The time that simultaneous sign-outs take, with a pause after each.
    private static func leave(_ browsers: [SignedIn], pausing pause: Duration = .zero) async -> Duration {
        await withTaskGroup(of: Duration.self) { group in
            for (browser, hint) in browsers {
                group.addTask {
                    let start = ContinuousClock.now
                    let page = await Leaving.logout(browser, [("id_token_hint", hint)])
                    #expect(page.heading == "You are signed out")
                    if pause > .zero { try? await Task.sleep(for: pause) }
                    return ContinuousClock.now - start
                }
            }
            return await group.reduce(.zero, +)
        }
    }

    @Test(
        "a client that hangs, or a process that delivers nothing, delays a sign-out by one second at most",
        arguments: [true, false])
    func boundedWait(_ isRunning: Bool) async throws {
        let outbound = HangingOutbound(limit: .seconds(120)) { $0.contains("//hangs.") }
        let server = try await Self.server(outbound, ["hangs"], Self.waiting("1s"))
        let other = try await Self.server(outbound, ["hangs"], Self.waiting("0s"))
        try await Self.running(server, nodes: isRunning ? 1 : 0) {
            let (held, free) = (try await Self.browsers(40, server), try await Self.browsers(40, other))
            // The same number of sign-outs that wait for nobody and pause for a second, on the same machine at the same
            // time.
            async let measure = Self.leave(free, pausing: .seconds(1))
            let (taken, expected) = (await Self.leave(held), await measure)
            #expect(taken < expected * 1.5, "\(taken), and \(expected) with a pause in place of the wait")
            for (browser, _) in held.prefix(3) { #expect(await Leaving.isOver(browser, "hangs")) }
            let left = try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 200)
            #expect(left.count == 40, "what was not delivered waits in the store")
        }
    }
}
