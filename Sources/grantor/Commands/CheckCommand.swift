// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import Logging
import ServerConfiguration
import ServerHTTP

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Checks a configuration.",
        discussion: """
            Loads the plugins and checks the whole file against them, without opening a port or the store. Exits with \
            status 78 if the server would not start with this configuration.
            """)

    @OptionGroup var option: ConfigurationOption

    @Flag(help: "Refuses plugins that differ from 'plugins.lock', as 'grantor serve --frozen' does.")
    var frozen = false

    func run() async throws {
        defer { LogWriter.standardError.flush() }
        let file = try ConfigurationFile(option.config)
        let composition = await Composition.read(file, isFrozen: frozen, known: .read(file.lock))
        let resources = ConfigurationResources(composition.configuration, composition.diagnostics)
        if !composition.diagnostics.hasErrors, !resources.keys.isSealed {
            composition.diagnostics.report(
                .warning, at: [.key("keys")], key: true,
                "the server will keep its keys in the store unsealed, including its MAC key",
                note: "seal them with 'keys: { seal: { file: path } }'; make the file with 'openssl rand -base64 32'")
        }
        composition.diagnostics.print()
        guard !composition.diagnostics.hasErrors else { throw ExitCode(EX_CONFIG) }
        let (plugins, clients) = (composition.plugins.count, composition.configuration.clients.count)
        StandardOutput.print("\(file.name) is valid: \(counted(plugins, "plugin")), \(counted(clients, "client"))")
    }
}

private func counted(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
}
