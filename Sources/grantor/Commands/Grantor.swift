// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServerHTTP

/// The version of the server; the kit has its own.
let serverVersion = "0.1.0"

@main
struct Grantor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grantor",
        abstract: "An OAuth 2.0 authorization server that loads its grants from shared libraries.",
        discussion: """
            Everything is in one file: 'grantor check' says what is wrong with it, 'grantor serve' runs it. What the \
            file's 'plugins' does not list is not in the process; 'grantor plugins list' shows what there is, and \
            'grantor plugins show <id>' the settings of one.
            """,
        subcommands: [
            ServeCommand.self, CheckCommand.self, PluginsCommand.self, KeysCommand.self, UsersCommand.self,
            ClientsCommand.self, TryCommand.self, VersionCommand.self,
        ])

    static func main() async {
        HTTPListener.limitThreads()
        await main(nil)
    }
}
