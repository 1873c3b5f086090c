// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support
import Synchronization

/// The grant that misbehaves as requests say, in processes as the server starts them, on a host in memory.
struct FaultyProgram {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    let host = TestHost()
    let log: RecordedLog
    private let processes: PluginProcesses
    private let grant: any TokenGrant

    /// Starts the program, and stops it after a test.
    ///
    /// - Parameters:
    ///   - file: The file whose existence keeps it from starting.
    ///   - limits: The limits.
    ///   - admission: Decides before each start whether it may be started.
    ///   - body: The test.
    static func with(
        refusedBy file: String? = nil, limits: ProcessLimits = .ofTests(), admission: Admission = Admission(),
        _ body: (FaultyProgram) async throws -> Void
    ) async throws {
        let started = try await FaultyProgram(limits, file, admission)
        do {
            try await body(started)
        } catch {
            await started.processes.stop()
            throw error
        }
        await started.processes.stop()
    }

    private init(_ limits: ProcessLimits, _ file: String?, _ admission: Admission) async throws {
        let script = "\(FaultyProgram.root)/Tests/Fixtures/plugin-process/faults.py"
        let program = PluginProgram(
            plugin: "faults", arguments: ["/usr/bin/python3", "-Bs", script] + (file.map { [$0] } ?? []), settings: [:],
            server: ServerFacts(issuer: host.issuer, basePath: "/auth", algorithms: []), limits: limits)
        let description = try PluginDescription(form: PluginDescriber.describe(program), of: "faults")
        let log = RecordedLog()
        self.log = log
        let logger = Logger(label: "test") { _ in log }
        processes = PluginProcesses(program, description, host.lent, logger, admit: admission.check)
        var registry = Registry()
        try processes.register(in: &registry)
        grant = try Self.only(registry.grants)
        try await host.store.declare(registry.collections)
        try await processes.start()
    }

    private static func only<Value>(_ values: [Value]) throws -> Value {
        guard let value = values.first, values.count == 1 else { throw CocoaError(.featureUnsupported) }
        return value
    }

    /// Asks for a token, and has the program misbehave.
    @discardableResult
    func ask(_ what: String) async throws -> Authorization {
        let client = Client(id: "a", isPublic: false, grants: ["fault"], scope: ["read"], document: [:])
        return try await grant.authorize(
            TokenRequest(
                grant: grant.declaration, client: client, parameters: ["do": what],
                head: RequestHead(method: "POST", path: "/auth/token"), allowed: AccessLimits(scope: ["read"])))
    }

    /// What the program reports instead of an answer.
    func report(_ what: String) async -> String {
        do {
            try await ask(what)
            return "an answer"
        } catch {
            return "\(error)"
        }
    }

    /// Waits until a process answers again.
    func recovers() async throws -> Bool {
        try await Patience.wait { await report("nothing") == "an answer" }
    }

    /// Waits until the log has a line about a restart, with this reason.
    func restarts(_ why: String) async throws -> Bool {
        try await Patience.wait { log.lines.contains { $0.contains("is started again") && $0.contains(why) } }
    }
}

/// Refuses further processes when a test wants it to.
final class Admission: Sendable {
    private let refusal = Mutex<String?>(nil)

    func refuse(_ why: String?) {
        refusal.withLock { $0 = why }
    }

    @Sendable func check() throws {
        if let why = refusal.withLock({ $0 }) { throw PluginStartError(why) }
    }
}

extension ProcessLimits {
    /// Limits without a pause before a process is started again.
    static func ofTests(_ change: (inout ProcessLimits) -> Void = { _ in }) -> ProcessLimits {
        var limits = ProcessLimits()
        (limits.call, limits.memory, limits.longestPause) = (.seconds(5), 128 << 20, .zero)
        change(&limits)
        return limits
    }
}

/// What this process uses of the system for processes of plugins.
enum Used {
    /// The open descriptors.
    static var descriptors: Int { names("/proc/self/fd").count }
    /// The threads that serve processes of plugins.
    static var threads: [String] {
        names("/proc/self/task").filter { thread in
            (try? String(contentsOfFile: "/proc/self/task/\(thread)/comm", encoding: .utf8)) == "plugin faults\n"
        }
    }
    /// The processes of the program, even those that have ended and that nobody has waited for.
    static var processes: Int {
        names("/proc/self/task").reduce(0) { count, thread in
            let path = "/proc/self/task/\(thread)/children"
            let children = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
            return count + children.split(separator: " ").count
        }
    }
    /// The memory of this process, in bytes.
    static var memory: Int {
        let fields = ((try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? "").split(separator: " ")
        return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
    /// The processor time of the threads that serve processes of plugins, in hundredths of seconds.
    static var time: Int {
        threads.reduce(0) { sum, thread in
            let line = (try? String(contentsOfFile: "/proc/self/task/\(thread)/stat", encoding: .utf8)) ?? ""
            let fields = line.split(separator: ")").last?.split(separator: " ") ?? []
            return sum + fields.dropFirst(11).prefix(2).reduce(0) { $0 + (Int($1) ?? 0) }
        }
    }

    private static func names(_ folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }
}
