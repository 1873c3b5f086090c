// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import GrantKitTesting
import Support
import Synchronization
import Testing

/// The runs of jobs in one test.
private final class Runs: Sendable {
    private let state = Mutex<[String]>([])

    var all: [String] { state.withLock { $0 } }

    func add(_ run: String) { state.withLock { $0.append(run) } }
}

private struct Failure: Error {}

/// Notes when its jobs run, and fails as their payload says.
private struct Chores: Plugin, JobHandler {
    static let manifest = PluginManifest(id: "chores", summary: "is tested", specification: "")
    @TaskLocal static var runs = Runs()

    let host: any PluginHost
    let name = "chore"

    init(settings: Settings, host: any PluginHost) { self.host = host }

    func register(in registry: inout Registry) { registry.add(job: self) }

    func run(_ payload: JSON) async throws {
        let (of, ending) = (payload["of"]?.string ?? "", payload["ends"]?.string ?? "")
        let before = Chores.runs.all.count { $0.utf8.starts(with: "\(of) ".utf8) }
        Chores.runs.add("\(of) \(host.now.seconds - 1_800_000_000)")
        if ending == "abandoned" { throw JobAbandoned("a test") }
        if ending == "fails" || (ending == "fails once" && before == 0) { throw Failure() }
    }
}

@Suite("The test host runs jobs when a server does", .timeLimit(.minutes(10)))
struct JobDriverTests {
    private static let moments: [Int64] = [0, 1, 5, 6, 15, 16, 40, 100, 5000]

    private static func jobs(_ now: Timestamp) -> [Job] {
        var all = ["done", "abandoned", "fails", "fails once"].map { ending in
            Job("chore", ["of": .string("\(ending)."), "ends": .string(ending)], limit: .seconds(60))
        }
        all[0].notBefore = now + .seconds(6)
        return all
    }

    private static func runsOfServer() async throws -> [String] {
        let server = try await TestServer(Plugins.all + [PluginSetup(Chores.self)])
        let runs = Runs()
        for job in jobs(server.clock.now) {
            _ = try await server.core.store.write([try await server.core.jobs.enqueue(job)])
        }
        let runner = JobRunner(server.core)
        for (place, moment) in moments.enumerated() {
            server.clock.advance(.seconds(moment - (place == 0 ? 0 : moments[place - 1])))
            await Chores.$runs.withValue(runs) { _ = await runner.round() }
        }
        return runs.all.sorted()
    }

    private static func runsOfHost() async throws -> [String] {
        let plugin = try await TestHost().load(Chores.self)
        let runs = Runs()
        for job in jobs(plugin.host.clock.now) {
            _ = try await plugin.host.records.write([try await plugin.host.jobs.enqueue(job)])
        }
        for (place, moment) in moments.enumerated() {
            plugin.host.clock.advance(by: .seconds(moment - (place == 0 ? 0 : moments[place - 1])))
            try await Chores.$runs.withValue(runs) { _ = try await plugin.runJobs() }
        }
        #expect(try await plugin.host.jobs.queued().isEmpty)
        return runs.all.sorted()
    }

    @Test("jobs run at the same times as on a server")
    func sameTimes() async throws {
        let (server, host) = (try await JobDriverTests.runsOfServer(), try await JobDriverTests.runsOfHost())
        #expect(server == host)
        #expect(host.filter { $0.utf8.starts(with: "fails. ".utf8) }.count > 2)
    }

    @Test("an attempt says how it ended, and a job is not run before its commit")
    func outcomes() async throws {
        let plugin = try await TestHost().load(Chores.self)
        let write = try await plugin.host.jobs.enqueue(Job("chore", ["ends": "fails"], limit: .seconds(60)))
        #expect(try await plugin.runJobs().isEmpty)
        #expect(try await plugin.host.records.write([write]) == .committed)
        #expect(try await plugin.host.jobs.queued().count == 1)
        let first = try await plugin.runJobs()
        guard first.count == 1, case .failed(let error) = first[0].outcome, error is Failure else {
            Issue.record("\(first)")
            return
        }
        #expect(try await plugin.runJobs().isEmpty)
        plugin.host.clock.advance(by: .seconds(3600))
        let last = try await plugin.runJobs()
        guard last.count == 1, case .abandoned = last[0].outcome else {
            Issue.record("\(last)")
            return
        }
        #expect(try await plugin.host.jobs.queued().isEmpty)
    }
}
