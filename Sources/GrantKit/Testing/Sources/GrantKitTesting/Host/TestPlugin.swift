// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A plugin that a test's host has loaded; its functions drive it as a server does.
public struct TestPlugin: Sendable {
    /// The plugin.
    public let plugin: any Plugin
    /// The plugin's id, version and summary.
    public let manifest: PluginManifest
    /// Everything that the plugin adds.
    public let registry: TestRegistry
    /// The host that loaded it.
    public let host: TestHost
}
