// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import Logging
import ServerConfiguration
import ServerHTTP

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Says what is wrong with a configuration.",
        discussion: """
            Loads the plugins and checks all of the file against them, without opening a port or a store. Ends with \
            the status 78 if the server would not start with it.
            """)

    @OptionGroup var option: ConfigurationOption

    func run() throws {
        defer { LogWriter.standardError.flush() }
        let file = try ConfigurationFile(option.config)
        let composition = Composition.read(file)
        let resources = ConfigurationResources(composition.configuration, composition.diagnostics)
        if !composition.diagnostics.hasErrors, !resources.keys.isSealed {
            composition.diagnostics.report(
                .warning, at: [.key("keys")], key: true,
                "the server's keys, those of authentication codes too, will stand in the store as they are",
                note: "seal them: 'keys: { seal: { file: path } }', made with 'openssl rand -base64 32'")
        }
        composition.diagnostics.print()
        guard !composition.diagnostics.hasErrors else { throw ExitCode(EX_CONFIG) }
        let (plugins, clients) = (composition.plugins.count, composition.configuration.clients.count)
        print("\(file.name) is valid: \(counted(plugins, "plugin")), \(counted(clients, "client"))")
    }
}

private func counted(_ number: Int, _ what: String) -> String {
    "\(number) \(what)\(number == 1 ? "" : "s")"
}
