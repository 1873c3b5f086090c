// SPDX-License-Identifier: Apache-2.0

import Cryptography
@_spi(Host) import GrantKit
import PluginLoading

extension PluginLibrary {
    /// Loads a plugin's library; if it crashes or hangs, its name is on standard error.
    ///
    /// - Throws: `PluginLoadingError` or `LockDifferences`.
    static func watched(
        _ id: String, library: String?, pinned: String?, locked: PluginLock.Entry? = nil, search: PluginSearch
    ) throws -> PluginLibrary {
        let loaded = try PluginLibrary.load(
            id, library: library, pinned: pinned, locked: locked, search: search, sha256: Digest.sha256
        ) { path, open in
            try LoadingWatch.during(id, "loading its library \(path)", open)
        }
        CrashLine.add(libraryAt: loaded.path, of: id)
        return loaded
    }

    /// Creates the plugin and lets it register what it adds.
    ///
    /// - Throws: An error of the plugin.
    func create(_ settings: Settings, host: any PluginHost) throws -> (plugin: any Plugin, registry: Registry) {
        try LoadingWatch.during(type.manifest.id, "running its 'init' and 'register'") {
            let plugin = try type.init(settings: settings, host: host)
            var registry = Registry()
            try plugin.register(in: &registry)
            return (plugin, registry)
        }
    }
}
