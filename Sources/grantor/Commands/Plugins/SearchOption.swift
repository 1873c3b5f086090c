// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The option that names the folders in which a command looks for plugins.
struct SearchOption: ParsableArguments {
    @Option(name: .customLong("plugin-path"), help: "A folder to search before the installed one. May be repeated.")
    var pluginPath: [String] = []

    var folders: [String] { pluginPath + Installation.pluginFolders }
}
