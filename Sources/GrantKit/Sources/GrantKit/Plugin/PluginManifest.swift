// SPDX-License-Identifier: Apache-2.0

/// The id, version and summary of a plugin.
public struct PluginManifest: Sendable, Hashable {
    /// The id, in lower case with hyphens.
    ///
    /// It is the name of the library and of the entry in the configuration.
    public let id: String
    /// The plugin's own version.
    public let version: String
    /// The summary of what the plugin adds, in a few words.
    public let summary: String
    /// The specification that the plugin implements, such as `RFC 6749 section 4.4`; empty if there is none.
    public let specification: String

    /// Makes a manifest.
    ///
    /// - Parameters:
    ///   - id: The id, in lower case with hyphens.
    ///   - version: The plugin's own version.
    ///   - summary: The summary of what the plugin adds, in a few words.
    ///   - specification: The specification that the plugin implements; empty if there is none.
    public init(id: String, version: String = "1.0.0", summary: String, specification: String) {
        self.id = id
        self.version = version
        self.summary = summary
        self.specification = specification
    }
}
