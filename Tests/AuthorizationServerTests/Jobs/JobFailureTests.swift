// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// Counts its jobs, which have no destination.
private struct Chores: Plugin, JobHandler {
    static let manifest = PluginManifest(id: "chores", summary: "", specification: "")
    static let done = Mutex<[String: Int]>([:])
    let name = "chore"

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) { registry.add(job: self) }

    func run(_ payload: JSON) async throws {
        Chores.done.withLock { $0[payload["of"]?.string ?? "", default: 0] += 1 }
    }
}

@Suite("Jobs when the store fails or clocks differ", .timeLimit(.minutes(10)), .serialized)
struct JobFailureTests {
    @Test("with a read-only store, jobs are tried now and then, and done once it is writable")
    func readOnly() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst() + [PluginSetup(Chores.self)]
        let server = try await TestServer(plugins)
        let store = try #require(server.countingStore)
        let test = "\(UInt64.random(in: 0 ... .max))"
        var jobs: [StoreWrite] = []
        for _ in 0..<20 {
            let chore = Job("chore", ["of": .string(test)], limit: .seconds(3600))
            jobs.append(try await server.core.jobs.enqueue(chore))
        }
        #expect(try await server.core.store.write(jobs) == .committed)
        store.fail(true)
        let start = ContinuousClock.now
        let runner = Task { await JobRunner(server.core).run() }
        defer { runner.cancel() }
        func failures() -> Int { server.log.lines.count { $0.contains("a job could not be run") } }
        try await Patience.wait { failures() >= 8 }
        try await Task.sleep(for: .seconds(1))
        // A lane is checked when it gets jobs, and all lanes are checked every five seconds; a lane gets eight places.
        let looks = Int((ContinuousClock.now - start) / .seconds(5)) + 2
        #expect((8...8 * looks).contains(failures()), "\(failures()) in \(looks) looks")
        store.fail(false)
        #expect(try await Patience.wait { Chores.done.withLock { $0[test] ?? 0 } == 20 })
    }

    /// Servers that respond with errors only, each when the test lets it.
    private final class Gates: OutboundHTTP {
        private let state = Mutex<(asked: Int, open: Set<Int>)>((0, []))

        var asked: Int { state.withLock { $0.asked } }
        func open(_ number: Int) { state.withLock { _ = $0.open.insert(number) } }

        func send(_ request: OutboundRequest) async throws -> OutboundReply {
            let number = state.withLock { state in
                state.asked += 1
                return state.asked
            }
            try await Patience.wait { state.withLock { $0.open.contains(number) } }
            return OutboundReply(status: 500)
        }
    }

    private static func rows(_ server: TestServer) async throws -> Int {
        try await server.core.store.find("job", by: "queue", equals: "all", after: nil, limit: 9).count
    }

    @Test("a job that two nodes have taken, because their clocks differ, stays one job", arguments: [[1, 2], [2, 1]])
    func clocksDiffer(_ order: [Int]) async throws {
        let gates = Gates()
        let server = try await TestServer(
            clients: [Leaving.client("shop", [("backchannel_logout_uri", "https://shop.example.com/logout")])],
            users: Demo.users, passwords: CountingPasswords(), outbound: gates)
        let job = try await server.core.jobs.enqueue(
            Job(
                "backchannel-logout", ["client": "shop", "sid": "s", "sub": "ann", "jti": "j"],
                limit: .seconds(86400)))
        #expect(try await server.core.store.write([job]) == .committed)
        let first = Task { await JobRunner(server.core).round() }
        #expect(try await Patience.wait { gates.asked == 1 })
        // The lease has expired for the other node, whose clock is ahead.
        server.clock.advance(.seconds(61))
        let second = Task { await JobRunner(server.core).round() }
        #expect(try await Patience.wait { gates.asked == 2 })
        server.clock.advance(.seconds(-61))
        let nodes = [first, second]
        for number in order {
            gates.open(number)
            _ = await nodes[number - 1].value
            #expect(try await Self.rows(server) == 1)
        }
        // Nothing is left in its previous places either.
        server.clock.advance(.seconds(1))
        await StorePurger(server.core).round()
        #expect(try await Self.rows(server) == 1)
    }
}
