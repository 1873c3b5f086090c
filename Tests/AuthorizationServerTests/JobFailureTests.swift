// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Synchronization
import Testing

/// Counts its jobs, which name no destination.
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

@Suite("Jobs where the store fails", .timeLimit(.minutes(10)), .serialized)
struct JobFailureTests {
    @Test("a store that can be read and not written has jobs tried now and then, and done once it can be written")
    func readOnly() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst() + [PluginSetup(Chores.self)]
        let server = try await TestServer(plugins)
        let store = try #require(server.countingStore)
        let test = "\(UInt64.random(in: 0 ... .max))"
        let jobs = (0..<20).map { _ in server.core.jobs.enqueue("chore", ["of": .string(test)], limit: .seconds(3600)) }
        #expect(try await server.core.store.write(jobs) == .committed)
        store.fail(true)
        let start = ContinuousClock.now
        let runner = Task { await JobRunner(server.core).run() }
        defer { runner.cancel() }
        func failures() -> Int { server.log.lines.count { $0.contains("a job could not be done") } }
        try await Patience.wait { failures() >= 8 }
        try await Task.sleep(for: .seconds(1))
        // A lane is looked at when it gets jobs, and all of them every five seconds; one gets eight places.
        let looks = Int((ContinuousClock.now - start) / .seconds(5)) + 2
        #expect((8...8 * looks).contains(failures()), "\(failures()) in \(looks) looks")
        store.fail(false)
        #expect(try await Patience.wait { Chores.done.withLock { $0[test] ?? 0 } == 20 })
    }
}
