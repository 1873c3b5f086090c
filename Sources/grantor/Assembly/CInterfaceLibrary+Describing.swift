// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import PluginLoading
import PluginProcesses

extension CInterfaceLibrary {
    /// Loads a library with the C interface; if it crashes or hangs, its name is on standard error.
    ///
    /// - Throws: `PluginLoadingError` or `LockDifferences`.
    static func watched(
        _ id: String, library: String?, pinned: String?, locked: PluginLock.Entry? = nil, search: PluginSearch
    ) throws -> CInterfaceLibrary {
        let loaded = try CInterfaceLibrary.load(
            id, library: library, pinned: pinned, locked: locked, search: search, sha256: Digest.sha256
        ) { path, open in
            try LoadingWatch.during(id, "loading its library \(path)", open)
        }
        CrashLine.add(libraryAt: loaded.path, of: id)
        return loaded
    }

    /// Has the library make a plugin of its settings and describe it.
    ///
    /// - Throws: `PluginStartError`.
    func describe(_ settings: JSON, _ server: ServerFacts) throws -> (plugin: CPlugin, description: PluginDescription) {
        try LoadingWatch.during(id, "describing itself") {
            let question = PluginProgram.question(id, settings, server)
            let (plugin, form) = try CPlugin.describe(id, functions, question)
            return (plugin, try PluginDescription(form: form, of: id))
        }
    }
}
