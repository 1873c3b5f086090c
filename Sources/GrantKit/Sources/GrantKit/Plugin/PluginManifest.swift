// SPDX-License-Identifier: Apache-2.0

/// What a plugin is called and what it is for.
public struct PluginManifest: Sendable, Hashable {
    /// The id, in lower case with dashes: the name of the library and of the entry in the configuration.
    public let id: String
    /// The plugin's own version.
    public let version: String
    /// What it is for, in a few words.
    public let summary: String
    /// What it follows, such as `RFC 6749 section 4.4`.
    public let specification: String

    /// Makes a manifest.
    public init(id: String, version: String = "1.0.0", summary: String, specification: String) {
        self.id = id
        self.version = version
        self.summary = summary
        self.specification = specification
    }
}
