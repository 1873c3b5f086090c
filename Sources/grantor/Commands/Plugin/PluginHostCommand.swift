// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cryptography
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration
import Synchronization

/// `grantor plugin-host`: the process in which the server runs the library of an isolated plugin.
struct PluginHostCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin-host", abstract: "Runs the library of a plugin in a process of its own.",
        discussion: "Only the server starts this command, for a plugin with 'isolation: process'.", shouldDisplay: false
    )

    @Argument(help: "The plugin's id.") var id: String
    @Argument(help: "The library.") var library: String
    @Flag(help: "Keeps the time of the server's messages, for tests whose server has a clock that stands still.")
    var stillClock = false

    func run() throws {
        let connection = HostConnection()
        let plugin = MadePlugin()
        connection.read { message in
            if message["function"]?.string == "describe" {
                describe(message, plugin, connection)
            } else {
                plugin.handler.withLock { $0 }?.take(message)
            }
        }
    }

    /// The plugin, once it was made.
    private final class MadePlugin: Sendable {
        // Not a function: each use of one in generic storage would wrap it once more.
        let handler = Mutex<(any MessageHandler)?>(nil)
    }

    /// Loads the library, makes the plugin and describes it; every problem is answered in place of a description.
    private func describe(_ message: JSON, _ plugin: MadePlugin, _ connection: HostConnection) {
        var answer: JSON = ["answer": message["call"] ?? 0]
        do {
            let (description, handler) = try make(message["input"] ?? [:], connection)
            answer["output"] = description
            // Before the answer, after which the server makes calls.
            plugin.handler.withLock { $0 = handler }
        } catch {
            answer["failure"] = .string("\(error)")
        }
        connection.send(answer)
    }

    private func make(
        _ question: JSON, _ connection: HostConnection
    ) throws -> (description: JSON, handler: (any MessageHandler)?) {
        guard CInterfaceLibrary.isOne(library) else { return try makeSwift(question, connection) }
        let loaded = try CInterfaceLibrary.load(
            id, library: library, pinned: nil, search: PluginSearch([]), sha256: Digest.sha256)
        let plugin = try HostedCPlugin(id, loaded.functions, question, connection)
        return (plugin.form, plugin)
    }

    private func makeSwift(_ question: JSON, _ connection: HostConnection) throws -> (JSON, HostedPlugin?) {
        let library = try PluginLibrary.load(
            id, library: library, pinned: nil, search: PluginSearch([]), sha256: Digest.sha256)
        let environment = SystemEnvironment()
        let host = RemoteHost(
            RemoteHost.Facts(question), connection, cryptography: SystemCryptography(), now: { environment.now },
            random: { environment.random(bytes: $0) }, origins: HashingPool.origin, isClockStill: stillClock)
        let source = PluginSettings(question["settings"])
        let permitted = Set((question["may"]?.strings ?? []).compactMap(HostPermission.init(rawValue:)))
        var registry = Registry()
        var made: HostedPlugin?
        do {
            let plugin = try library.type.init(settings: Settings(source), host: host)
            try plugin.register(in: &registry)
            made = HostedPlugin(plugin, registry, source.attributes, connection)
        } catch let error as ConfigurationError {
            source.report(error.message, at: error.key ?? "")
        }
        return (
            HostedDescription.form(
                library.type.manifest, registry, settings: source.declarations, problems: source.problems,
                attributes: source.attributes, permitted: permitted), made
        )
    }
}
