// SPDX-License-Identifier: Apache-2.0

import GrantKit
import PluginLoading
import ServerConfiguration

/// The rule of `--frozen`: only the libraries that `plugins.lock` records are loaded.
enum PluginFreeze: Sendable {
    /// Every library that the configuration lists may be loaded.
    case off
    /// A library may be loaded if the lock has it.
    case locked(PluginLock)
    /// No library may be loaded, since there is no lock that could be read.
    case unreadable

    /// Reads the lock, and reports what is wrong with it apart from single libraries.
    static func read(
        _ file: PluginLockFile, _ configuration: Configuration, _ diagnostics: Diagnostics
    ) -> PluginFreeze {
        guard diagnostics.isReadable else { return .unreadable }
        do {
            if let lock = try file.read() {
                reportUnlisted(lock, configuration, diagnostics)
                return .locked(lock)
            }
            report(
                "there is no '\(file.name)', so '--frozen' admits no plugin", diagnostics,
                note: "run 'grantor plugins lock' after you have checked the libraries")
        } catch let error as PluginLoadingError {
            report(error.message, diagnostics, note: error.note)
        } catch {
            report("\(file.name) cannot be read: \(error)", diagnostics)
        }
        return .unreadable
    }

    /// The entry of a plugin; nil if there is none, or no lock to follow.
    func entry(of id: String) -> PluginLock.Entry? {
        guard case .locked(let lock) = self else { return nil }
        return lock[id]
    }

    /// Reports plugins of the lock that the configuration does not list.
    private static func reportUnlisted(
        _ lock: PluginLock, _ configuration: Configuration, _ diagnostics: Diagnostics
    ) {
        // An entry with a mistake, which is reported already, could be any of them.
        guard configuration.arePluginsComplete else { return }
        let listed = Set(configuration.plugins.map(\.id))
        for entry in lock.entries where !listed.contains(entry.id) {
            report(
                "\(entry.place) has the plugin '\(entry.id)', but the configuration does not list it", diagnostics,
                note: "list the plugin, or \(LockDifferences.remedy)")
        }
    }

    private static func report(_ message: String, _ diagnostics: Diagnostics, note: String? = nil) {
        diagnostics.report(at: [.key("plugins")], key: true, message, note: note)
    }
}
