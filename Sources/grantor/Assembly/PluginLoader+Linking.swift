// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

extension PluginLoader {
    /// Loads a plugin whose library has the C interface into this process; nil if the process has other code from the
    /// same path.
    ///
    /// - Throws: `PluginLoadingError`, `LockDifferences` or `PluginStartError`.
    func link(_ entry: Configuration.PluginEntry) throws -> LoadedPlugin? {
        guard entry.isOnEventLoop != true else {
            diagnostics.report(
                at: entry.path + [.key("on_event_loop")],
                "the plugin '\(entry.id)' cannot run on the event loops: its library has the C interface",
                note: "remove 'on_event_loop'; its calls may block, and get threads of their own")
            return nil
        }
        let locked = freeze.entry(of: entry.id)
        let library = try CInterfaceLibrary.watched(
            entry.id, library: entry.library, pinned: entry.sha256, locked: locked, search: search)
        guard let file = loadedFile(library.path, entry) else { return nil }
        let (plugin, description) = try library.describe(entry.settings, server)
        if let locked { try LockDifferences.check(version: description.manifest.version, locked) }
        let source = PluginSettings(entry.settings)
        defer { source.finish(entry.id, at: entry.settingsPath, diagnostics) }
        description.declare(to: source)
        let host = LentHost(core, to: entry.id)
        let threads = outsideThreads(for: entry)
        // The stand-ins run on the threads of the plugin, and so does the library.
        let linked = CInterfacePlugin(plugin, description, host, within: entry.deadline ?? PluginDeadlines().call) {
            $0()
        }
        var registry = Registry()
        try linked.register(in: &registry)
        return LoadedPlugin(
            entry: entry, manifest: description.manifest, code: library.code, file: file,
            hostCalls: description.hostCalls, settings: source.declarations,
            registered: RegisteredPlugin(
                linked, adding: threads.forwarding(registry), attributes: source.attributes, host: host,
                threads: threads))
    }
}
