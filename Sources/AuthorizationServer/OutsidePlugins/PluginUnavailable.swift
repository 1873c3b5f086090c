// SPDX-License-Identifier: Apache-2.0

/// The error for a call of a plugin that was abandoned or not started: the plugin, the call and the reason.
///
/// A client gets `temporarily_unavailable`, and the log gets the description.
public struct PluginUnavailable: Error, CustomStringConvertible {
    /// What has happened and what to do.
    public let description: String
    /// The id of the plugin.
    let plugin: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - description: What has happened and what to do.
    ///   - plugin: The id of the plugin.
    package init(_ description: String, of plugin: String) {
        self.description = description
        self.plugin = plugin
    }
}
