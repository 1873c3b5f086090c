// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
package import GrantKit
package import Logging
import Synchronization

/// The processes of an isolated plugin, among which calls are spread.
package final class PluginProcesses: Plugin, PluginCaller {
    /// Describes the type; each plugin describes itself in its description.
    package static var manifest: PluginManifest {
        PluginManifest(id: "isolated", summary: "a plugin in processes of its own", specification: "")
    }

    private static let restarted = Atomic<Int64>(0)
    /// The most processes that check attributes at once while the plugin is not started; each has a memory limit of its
    /// own.
    private static let mostChecks = 4

    /// The number of times that a process of any plugin was started again.
    package static var restarts: Int64 { restarted.load(ordering: .relaxed) }

    static func countRestart() {
        restarted.add(1, ordering: .relaxed)
    }

    private let description: PluginDescription
    private let program: PluginProgram
    package let host: any PluginHost
    private let processes: [PluginProcess]
    private let admit: @Sendable () throws -> Void
    private let turn = Atomic<Int>(0)
    /// The processes that check attributes while the plugin is not started.
    private let checks = Atomic<Int>(0)
    /// The one start, however often it is asked for.
    private let starting = Mutex<Task<Void, any Error>?>(nil)

    /// Refuses: a plugin that is isolated is made from a program and its description.
    package init(settings: Settings, host: any PluginHost) throws {
        throw ConfigurationError("an isolated plugin is made from its description")
    }

    /// Makes the processes of a plugin, none of which is started yet.
    ///
    /// - Parameters:
    ///   - program: The program.
    ///   - description: What the program has said about itself.
    ///   - host: The host that the core lends to the plugin.
    ///   - logger: Logs restarts and missed deadlines.
    ///   - admit: Called before each start; throws if the program may not be started now.
    package init(
        _ program: PluginProgram, _ description: PluginDescription, _ host: any PluginHost, _ logger: Logger,
        admit: @escaping @Sendable () throws -> Void = {}
    ) {
        self.description = description
        self.program = program
        self.host = host
        self.admit = admit
        let calls = HostCalls(
            host, of: program.plugin, declared: description.hostCalls, permitted: program.permissions,
            jobs: description.jobs)
        processes = (0..<max(1, program.limits.instances)).map { _ in
            PluginProcess(program, describedAs: description.form, host, calls, logger, admit: admit)
        }
    }

    /// Ends processes that nobody has stopped.
    deinit {
        for process in processes { process.end() }
    }

    /// Adds a stand-in for each role of the description.
    package func register(in registry: inout Registry) throws {
        try description.register(in: &registry, self)
    }

    /// Starts the processes, and waits until all of them are ready.
    package func start() async throws {
        let task = starting.withLock { starting in
            let task = starting ?? Task.detached { [self] in try await startAll() }
            starting = task
            return task
        }
        try await task.value
    }

    private func startAll() async throws {
        do {
            for process in processes { try await process.start() }
        } catch {
            await stop()
            throw error
        }
    }

    /// Asks the processes to stop, and ends them.
    package func stop() async {
        await withTaskGroup { group in
            for process in processes { group.addTask { await process.stop() } }
        }
    }

    package func output(
        of function: String, role: Int, _ input: JSON, within limit: Duration?
    ) async throws -> JSON {
        // Commands that change users or clients call outboxes, and have not started the plugin. A host call of 'start'
        // that leads back to the plugin would wait for itself.
        if PluginProcess.introduced != program.plugin { try await startForCall() }
        return try await called(function, role: role, input, within: limit ?? program.limits.call)
    }

    package func checkAttributes(_ input: JSON) async throws -> JSON {
        let isStarted = starting.withLock { $0 != nil } && PluginProcess.introduced != program.plugin
        // Also where the plugin is never started, as 'grantor check' promises.
        guard isStarted else { return try await checked(input) }
        try await startForCall()
        // What the host has made for a call of another plugin is not this one's.
        return try await LentValues.$current.withValue(nil) {
            try await called("check_attributes", role: nil, input, within: program.limits.call)
        }
    }

    /// Has a process of its own check values of client attributes.
    private func checked(_ input: JSON) async throws -> JSON {
        defer { checks.subtract(1, ordering: .relaxed) }
        guard checks.add(1, ordering: .relaxed).newValue <= PluginProcesses.mostChecks else {
            throw notCalled("too many of its processes are checking attributes")
        }
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { [self] in
                continuation.resume(
                    with: Result {
                        do {
                            try admit()
                            return try PluginDescriber.output(of: "check_attributes", input, program)
                        } catch {
                            throw notCalled("\(error)")
                        }
                    })
            }
        }
    }

    private func startForCall() async throws {
        do {
            try await start()
        } catch let error as PluginStartError {
            throw notCalled("\(error)")
        }
    }

    private func notCalled(_ why: String) -> PluginUnavailable {
        PluginUnavailable("the plugin '\(program.plugin)' was not called: \(why)", of: program.plugin)
    }

    private func called(
        _ function: String, role: Int?, _ input: JSON, within limit: Duration
    ) async throws -> JSON {
        let process = try next()
        let call = try process.begin(function, role: role, input, within: limit)
        return try await process.result(of: call)
    }

    /// The process with the fewest calls; of several, they take turns.
    private func next() throws -> PluginProcess {
        let first = processes.count > 1 ? turn.add(1, ordering: .relaxed).newValue : 0
        var best: (process: PluginProcess, load: Int)?
        for place in processes.indices {
            let process = processes[
                Int(UInt(bitPattern: first) % UInt(processes.count) + UInt(place)) % processes.count]
            guard let load = process.load else { continue }
            if load < best?.load ?? .max { best = (process, load) }
        }
        if let best { return best.process }
        throw notCalled("its process is being started again")
    }
}
