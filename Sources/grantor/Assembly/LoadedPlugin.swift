// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import PluginLoading
import ServerConfiguration

/// A registered plugin with its configuration entry and the file it was loaded from.
struct LoadedPlugin: Sendable {
    var entry: Configuration.PluginEntry
    let library: PluginLibrary
    let file: PluginFile
    /// The settings that the plugin reads.
    let settings: [SettingDeclaration]
    let registered: RegisteredPlugin
}
