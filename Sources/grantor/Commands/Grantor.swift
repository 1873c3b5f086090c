// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ServerHTTP

/// The version of the server; the kit has a version of its own.
let serverVersion = "0.2.0"

@main
struct Grantor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grantor",
        abstract: "An OAuth 2.0 authorization server that loads its grants from shared libraries.",
        discussion: """
            The whole configuration is one file: 'grantor check' checks it, 'grantor serve' runs it. Only the plugins \
            that it lists are loaded. 'grantor plugins list' shows which plugins are installed, and 'grantor plugins \
            show <id>' shows the settings of one.
            """,
        subcommands: [
            ServeCommand.self, CheckCommand.self, PluginsCommand.self, PluginCommand.self, KeysCommand.self,
            UsersCommand.self, ClientsCommand.self, StoreCommand.self, TryCommand.self, VersionCommand.self,
            PluginHostCommand.self,
        ])

    /// Runs the command that the arguments name.
    ///
    /// It is concurrent like the library's `run`, so that the command stays in the same isolation when it calls that.
    @concurrent
    static func main() async {
        HTTPListener.limitThreads()
        do {
            var command = try parseAsRoot()
            StandardOutput.claim()
            CrashLine.install()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(error)
        }
        CrashLine.endsNow()
    }

    /// Ends the process with an error, or with the help that was requested.
    private static func end(_ error: any Error) -> Never {
        CrashLine.endsNow()
        guard exitCode(for: error).isSuccess else { exit(withError: error) }
        StandardOutput.print(fullMessage(for: error))
        exit()
    }
}
