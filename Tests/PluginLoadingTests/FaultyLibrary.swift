// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) import GrantKit
import GrantKitTesting
import Logging
import PluginProcesses
import Support

@testable import PluginLoading

/// The grant whose library misbehaves as requests say, on threads as the server has them, on a host in memory.
struct FaultyLibrary {
    private static let folder = "\(FaultyProgram.root)/Tests/Fixtures/plugin-library"
    private static let header = "\(FaultyProgram.root)/Sources/CPluginLibrary/include"

    let host = TestHost()
    let log = RecordedLog()
    private let workshop: Workshop
    private let plugin: CInterfacePlugin
    private let grant: any TokenGrant

    /// Compiles the library into the folder of a workshop.
    static func compile(in workshop: Workshop, _ definitions: String...) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/gcc")
        process.arguments =
            ["-D_GNU_SOURCE", "-shared", "-fPIC", "-pthread", "-I", header, "-o", "\(workshop.folder)/libfaults.so"]
            + definitions.map { "-D\($0)" } + ["\(folder)/faults.c"]
        try process.run()
        process.waitUntilExit()
        chmod("\(workshop.folder)/libfaults.so", 0o755)
    }

    static func load(
        in workshop: Workshop, pinned: String? = nil, locked: PluginLock.Entry? = nil
    ) throws -> CInterfaceLibrary {
        try CInterfaceLibrary.load(
            "faults", library: nil, pinned: pinned, locked: locked, search: PluginSearch([workshop.folder]),
            sha256: Digest.sha256)
    }

    /// Loads and starts the library, and stops it after a test.
    static func with(
        deadline: Duration = .seconds(60), _ body: (FaultyLibrary) async throws -> Void
    ) async throws {
        let started = try await FaultyLibrary(deadline)
        defer { started.workshop.close() }
        try await body(started)
        await started.plugin.stop()
    }

    private init(_ deadline: Duration) async throws {
        workshop = try Workshop()
        try FaultyLibrary.compile(in: workshop)
        let library = try FaultyLibrary.load(in: workshop)
        let (made, form) = try CPlugin.describe("faults", library.functions, [:])
        let description = try PluginDescription(form: form, of: "faults")
        plugin = CInterfacePlugin(made, description, host.lent, within: deadline) { $0() }
        let log = log
        var deadlines = PluginDeadlines()
        deadlines.call = deadline
        let threads = PluginThreads(of: "linked", deadlines: deadlines, logger: Logger(label: "test") { _ in log })
        var registry = Registry()
        try plugin.register(in: &registry)
        guard let only = threads.forwarding(registry).grants.first else { throw CocoaError(.featureUnsupported) }
        grant = only
        try await host.store.declare(registry.collections)
        try await plugin.start()
    }

    /// Asks for a token, and has the library misbehave.
    ///
    /// - Returns: "an answer", or what is reported instead.
    func report(_ what: String) async -> String {
        let client = Client(id: "a", isPublic: false, grants: ["fault"], scope: ["read"], document: [:])
        do {
            _ = try await grant.authorize(
                TokenRequest(
                    grant: grant.declaration, client: client, parameters: ["do": what],
                    head: RequestHead(method: "POST", path: "/auth/token"), allowed: AccessLimits(scope: ["read"])))
            return "an answer"
        } catch {
            return "\(error)"
        }
    }
}
