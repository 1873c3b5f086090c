// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import PluginLoading
import ServerConfiguration

/// A plugin that is loaded only to find out which settings it reads and what it adds.
struct InstalledPlugin {
    let library: PluginLibrary
    let registry: Registry
    let settings: [SettingDeclaration]
    let attributes: [AttributeDeclaration]
    /// The settings in the configuration, without secrets; nil if it does not list the plugin.
    let configured: JSON?

    /// A plugin with the settings of its entry in a configuration.
    init(_ loaded: LoadedPlugin) {
        library = loaded.library
        registry = loaded.registered.registry
        settings = loaded.settings
        attributes = loaded.registered.attributes
        configured = loaded.entry.shownSettings
    }

    /// Creates a plugin with the defaults of its settings.
    init(_ library: PluginLibrary, host: any PluginHost) throws {
        let source = PluginSettings(nil)
        registry = try library.create(Settings(source), host: host).registry
        self.library = library
        settings = source.declarations
        attributes = source.attributes
        configured = nil
    }
}
