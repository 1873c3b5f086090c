// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A plugin of which only the description is known: enough to check a configuration, but its roles cannot be called.
package final class DescribedPlugin: Plugin {
    /// Describes the type; each plugin describes itself in its description.
    package static var manifest: PluginManifest {
        PluginManifest(id: "described", summary: "a plugin that does not run", specification: "")
    }

    private let description: PluginDescription

    /// Refuses: such a plugin is made from its description.
    package init(settings: Settings, host: any PluginHost) throws {
        throw ConfigurationError("a plugin that does not run is made from its description")
    }

    /// Makes a plugin.
    package init(_ description: PluginDescription) {
        self.description = description
    }

    /// Adds a stand-in for each role of the description.
    package func register(in registry: inout Registry) throws {
        try description.register(in: &registry, nil)
    }
}
