// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import ServerConfiguration

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Shows the server's own keys.", subcommands: [List.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the signing keys.",
            discussion: "Reads them from the store; a server that never started has none yet.")

        @OptionGroup var option: ConfigurationOption

        func run() async throws {
            defer { LogWriter.standardError.flush() }
            let composition = Composition.read(try ConfigurationFile(option.config))
            guard !composition.diagnostics.hasErrors,
                let plugin = composition.plugins.first(where: { !$0.registered.registry.stores.isEmpty }),
                let store = plugin.registered.registry.stores.first
            else {
                composition.diagnostics.print()
                throw ExitCode(EX_CONFIG)
            }
            try await plugin.registered.start()
            let declared = try composition.configuration.signingKeys.map { try SigningKey(pem: $0) }
            let ring = try await StoredKeys.existing(in: store, declared: declared)
            await plugin.registered.stop()
            guard let ring else { return print("no keys yet: the first 'grantor serve' makes them") }
            let own = Set(declared.map(\.id))
            let rows = ring.signingKeys.map { key in
                [key.id, key.algorithm, own.contains(key.id) ? "the configuration" : "the store"]
            }
            print(Table.render([["KID", "ALGORITHM", "KEPT IN"]] + rows))
        }
    }
}
