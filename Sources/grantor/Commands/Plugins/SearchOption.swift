// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The options that say where a command looks for plugins.
struct SearchOption: ParsableArguments {
    @Option(name: .customLong("plugin-path"), help: "A folder to search before the installed one. May be repeated.")
    var pluginPath: [String] = []

    @Option(
        name: .shortAndLong,
        help: "A configuration file, whose 'plugin_path' is searched and whose plugins are shown with their settings.")
    var config: String?
}
