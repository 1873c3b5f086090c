// SPDX-License-Identifier: Apache-2.0

import Cryptography
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// Checks the code of an isolated plugin again before each start of a process, which can be long after it was loaded.
struct CodeAdmission: Sendable {
    private let entry: Configuration.PluginEntry
    private let code: CheckedCode
    private let locked: PluginLock.Entry?
    private let search: PluginSearch

    init(
        _ entry: Configuration.PluginEntry, _ code: CheckedCode, locked: PluginLock.Entry?, _ search: PluginSearch
    ) {
        self.entry = entry
        self.code = code
        self.locked = locked
        self.search = search
    }

    /// Refuses files that others can change, and a digest that the configuration or the lock does not admit.
    ///
    /// - Throws: `PluginStartError`.
    @Sendable func check() throws {
        do {
            let found = try IsolatedCode.checked(entry, search)
            guard found == code else { throw PluginStartError("its paths lead to other files than when it was loaded") }
            try found.check(pinned: entry.sha256, locked: locked, Digest.sha256)
        } catch let error as PluginLoadingError {
            throw PluginStartError(error.message)
        } catch let error as LockDifferences {
            throw PluginStartError(error.all.map(\.message).joined(separator: "; "))
        }
    }
}
