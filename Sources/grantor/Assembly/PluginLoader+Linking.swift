// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
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
        let code = try CheckedCode.library(entry.id, library: entry.library, search: search)
        let question = DescriptionQuestion(entry, server)
        if let description = known.description(of: entry.id, code, question) {
            try code.check(pinned: entry.sha256, locked: locked, Digest.sha256)
            return try register(entry, description, code) { description, _ in DescribedPlugin(description) }
        }
        let library = try CInterfaceLibrary.watched(
            entry.id, library: entry.library, pinned: entry.sha256, locked: locked, search: search)
        guard loadedFile(library.path, entry) != nil else { return nil }
        let (plugin, description) = try library.describe(entry.settings, server)
        try checkLocked(description, question, of: entry)
        let limit = entry.deadline ?? PluginDeadlines().call
        return try register(entry, description, library.code, on: outsideThreads(for: entry)) { description, host in
            // The stand-ins run on the threads of the plugin, and so does the library.
            CInterfacePlugin(plugin, description, host, within: limit) { $0() }
        }
    }

    /// Refuses a plugin whose description differs from the one in the lock to follow.
    ///
    /// - Throws: `LockDifferences`.
    func checkLocked(
        _ description: PluginDescription, _ question: DescriptionQuestion, of entry: Configuration.PluginEntry
    ) throws {
        guard let locked = freeze.entry(of: entry.id) else { return }
        try LockDifferences.check(description: description.form, of: question.digest, locked)
    }

    /// Registers a plugin whose description is data.
    ///
    /// - Parameters:
    ///   - entry: The entry.
    ///   - description: The description.
    ///   - code: The library or program.
    ///   - files: The further files of a program.
    ///   - threads: The threads to which calls are moved; nil to leave them where they are.
    ///   - make: Makes the plugin.
    /// - Returns: The plugin; problems with its settings are reported.
    /// - Throws: `LockDifferences`, or an error of the description.
    func register(
        _ entry: Configuration.PluginEntry, _ description: PluginDescription, _ code: CheckedCode,
        files: [PluginFile] = [], on threads: PluginThreads? = nil,
        _ make: (PluginDescription, LentHost) -> any Plugin
    ) throws -> LoadedPlugin {
        if let locked = freeze.entry(of: entry.id) {
            try LockDifferences.check(version: description.manifest.version, locked)
        }
        let source = PluginSettings(entry.settings)
        defer { source.finish(entry.id, at: entry.settingsPath, diagnostics) }
        description.declare(to: source)
        let host = LentHost(core, to: entry.id)
        let plugin = make(description, host)
        var registry = Registry()
        try plugin.register(in: &registry)
        return LoadedPlugin(
            entry: entry, manifest: description.manifest, code: code, file: PluginFile(code.path), files: files,
            hostCalls: description.hostCalls, settings: source.declarations,
            registered: RegisteredPlugin(
                plugin, adding: threads?.forwarding(registry) ?? registry, attributes: source.attributes, host: host,
                threads: threads))
    }
}
