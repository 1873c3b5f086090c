// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension PluginUnderTest {
    /// Its good section of the configuration, for a plugin that is not started.
    var goodSettings: JSON { settings("/") }

    /// A host of its own.
    func host() async throws -> TestHost {
        let host = TestHost()
        for prepare in prepare { try await prepare(host) }
        return host
    }

    /// Makes the plugin with other settings, and lets it register.
    ///
    /// - Parameter settings: Its section of the configuration.
    /// - Returns: What it read, and what it adds.
    /// - Throws: What the plugin throws.
    func registered(_ settings: JSON) throws -> (given: TestSettings, registry: TestRegistry) {
        let given = TestSettings(settings)
        let plugin = try make(given.settings, TestHost().lent)
        return (given, try TestRegistry(plugin))
    }

    /// Makes the plugin and lets it register, but does not start it.
    ///
    /// - Parameters:
    ///   - host: The host.
    ///   - folder: The folder for the plugin's files; by default a new one.
    /// - Returns: The plugin.
    /// - Throws: What the plugin throws.
    func prepared(on host: TestHost, folder: String? = nil) async throws -> TestPlugin {
        try await host.prepare(manifest, settings: settings(try folder ?? ScratchFolders.current.make()), make)
    }

    /// Loads the plugin on a host of its own for a check, and stops it afterwards.
    ///
    /// - Parameters:
    ///   - folder: The folder for the plugin's files; by default a new one.
    ///   - check: The check.
    /// - Returns: What the check returns.
    /// - Throws: What the plugin and the check throw.
    func run<Result>(folder: String? = nil, _ check: (TestPlugin) async throws -> Result) async throws -> Result {
        let plugin = try await load(folder: folder)
        do {
            let result = try await check(plugin)
            await plugin.plugin.stop()
            return result
        } catch {
            await plugin.plugin.stop()
            throw error
        }
    }
}
