// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// A plugin that is loaded only to find out which settings it reads and what it adds.
struct InstalledPlugin {
    let manifest: PluginManifest
    let code: CheckedCode
    /// The processes of a plugin that is isolated; nil if it is not.
    let process: Configuration.PluginProcess?
    /// The host calls that a plugin declares whose description is data; nil for one in Swift in this process.
    let hostCalls: Set<String>?
    let registry: Registry
    let settings: [SettingDeclaration]
    let attributes: [AttributeDeclaration]
    /// The settings in the configuration, without secrets; nil if it does not list the plugin.
    let configured: JSON?

    /// A plugin with the settings of its entry in a configuration.
    init(_ loaded: LoadedPlugin) {
        manifest = loaded.manifest
        code = loaded.code
        process = loaded.entry.process
        hostCalls = loaded.hostCalls
        registry = loaded.registered.registry
        settings = loaded.settings
        attributes = loaded.registered.attributes
        configured = loaded.entry.shownSettings
    }

    /// Creates a plugin with the defaults of its settings.
    init(_ library: PluginLibrary, host: any PluginHost) throws {
        let source = PluginSettings(nil)
        registry = try library.create(Settings(source), host: host).registry
        manifest = library.type.manifest
        code = library.code
        process = nil
        hostCalls = nil
        settings = source.declarations
        attributes = source.attributes
        configured = nil
    }

    /// A plugin whose library has the C interface, with the defaults of its settings.
    init(_ library: CInterfaceLibrary, _ server: ServerFacts) throws {
        let description = try library.describe([:], server).description
        let source = PluginSettings(nil)
        description.declare(to: source)
        var registry = Registry()
        try description.register(in: &registry, nil)
        self.registry = registry
        manifest = description.manifest
        code = library.code
        process = nil
        hostCalls = description.hostCalls
        settings = source.declarations
        attributes = source.attributes
        configured = nil
    }
}
