// SPDX-License-Identifier: Apache-2.0

/// A mistake of a plugin's author that the core refuses: which plugin did what, and how to correct it.
///
/// The log gets the description, and the client `server_error`.
struct PluginMistake: Error, CustomStringConvertible {
    let description: String
    /// The id of the plugin.
    let plugin: String

    init(_ description: String, of plugin: String) {
        self.description = description
        self.plugin = plugin
    }
}
