// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

struct PluginCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Starts a plugin of your own, and tests one that you have built.",
        subcommands: [New.self, Test.self])
}
