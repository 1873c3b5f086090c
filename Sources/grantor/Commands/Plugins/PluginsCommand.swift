// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import Logging
import PluginLoading
import ServerConfiguration

struct PluginsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugins", abstract: "Shows the installed plugins.",
        subcommands: [List.self, Show.self])

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the plugins on the search path.")

        @OptionGroup var search: SearchOption

        func run() throws {
            let search = PluginSearch(self.search.folders)
            let rows = search.candidates.map { id in
                do {
                    let manifest = try InstalledPlugin(id, search).manifest
                    return [id, manifest.version, manifest.summary, manifest.specification]
                } catch {
                    return [id, "-", "cannot be loaded: \(error)"]
                }
            }
            print(Table.render([["ID", "VERSION", "DESCRIPTION", "SPECIFICATION"]] + rows))
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows what a plugin adds and how to configure it.",
            discussion: "The tables come from the code that reads the settings, so they are always up to date.")

        @OptionGroup var search: SearchOption
        @Argument(help: "The plugin's id.") var id: String

        func run() throws {
            print(try InstalledPlugin(id, PluginSearch(search.folders)).reference)
        }
    }
}
