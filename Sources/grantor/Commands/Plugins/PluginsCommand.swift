// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import GrantKit
import PluginLoading

struct PluginsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Shows the installed plugins, and records those of a configuration.",
        subcommands: [List.self, Show.self, LockPlugins.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the plugins on the search path and in a configuration.")

        @OptionGroup var search: SearchOption

        func run() throws {
            defer { LogWriter.standardError.flush() }
            let catalogue = try PluginCatalogue(search)
            let rows = catalogue.ids.map { id in
                do {
                    let manifest = try catalogue.manifest(id)
                    return [id, manifest.version, manifest.summary, manifest.specification]
                } catch {
                    return [id, "-", "cannot be loaded: \(error)"]
                }
            }
            StandardOutput.print(Table.render([["ID", "VERSION", "DESCRIPTION", "SPECIFICATION"]] + rows))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a plugin adds and how to configure it.",
            discussion: """
                The tables come from the code that reads the settings, so they are always up to date. With --config, \
                they have the settings of the configuration too, without secrets.
                """)

        @OptionGroup var search: SearchOption
        @Argument(help: "The plugin's id.") var id: String

        func run() throws {
            defer { LogWriter.standardError.flush() }
            do {
                StandardOutput.print(try PluginCatalogue(search).plugin(id).reference())
            } catch let error as PluginLoadingError {
                let hint = search.config == nil ? "; if a configuration names its library, add --config" : ""
                throw ValidationError(error.description + hint)
            } catch let error as ConfigurationError {
                throw Failure("plugin '\(id)' needs its settings: \(error.message); name a configuration with --config")
            }
        }
    }
}
