// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cryptography
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

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
        var answer: ((JSON) -> Void)?
        connection.read { message in
            if message["function"]?.string == "describe" {
                answer = describe(message, to: connection)
            } else {
                answer?(message)
            }
        }
    }

    /// Loads the library, makes the plugin and describes it; every problem is answered in place of a description.
    private func describe(_ message: JSON, to connection: HostConnection) -> ((JSON) -> Void)? {
        var answer: JSON = ["answer": message["call"] ?? 0]
        var made: ((JSON) -> Void)?
        do {
            let question = message["input"] ?? [:]
            if CInterfaceLibrary.isOne(library) {
                let loaded = try CInterfaceLibrary.load(
                    id, library: library, pinned: nil, search: PluginSearch([]), sha256: Digest.sha256)
                let plugin = try HostedCPlugin(id, loaded.functions, question, connection)
                (answer["output"], made) = (plugin.form, plugin.answer)
            } else {
                let (description, plugin) = try make(question, connection)
                (answer["output"], made) = (description, plugin?.answer)
            }
        } catch {
            answer["failure"] = .string("\(error)")
        }
        connection.send(answer)
        return made
    }

    private func make(_ question: JSON, _ connection: HostConnection) throws -> (JSON, HostedPlugin?) {
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
