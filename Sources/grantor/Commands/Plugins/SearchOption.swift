// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Where commands look for plugins.
struct SearchOption: ParsableArguments {
    @Option(name: .customLong("plugin-path"), help: "A folder to look in before the installed one.")
    var pluginPath: [String] = []

    var folders: [String] { pluginPath + Installation.pluginFolders }
}
