// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import PluginLoading
import ServerConfiguration

/// A registered plugin with its configuration entry and the file it was loaded from.
struct LoadedPlugin: Sendable {
    var entry: Configuration.PluginEntry
    /// The plugin's id, version and summary.
    let manifest: PluginManifest
    /// The library or program.
    let code: CheckedCode
    let file: PluginFile
    /// The further files of a program.
    var files: [PluginFile] = []
    /// The host calls that a plugin declares whose description is data; nil for one in Swift in this process.
    var hostCalls: Set<String>?
    /// The settings that the plugin reads.
    let settings: [SettingDeclaration]
    let registered: RegisteredPlugin
}
