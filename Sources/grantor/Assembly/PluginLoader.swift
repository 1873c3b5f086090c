// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
@_spi(Host) import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration
import Synchronization

/// Loads the plugins of a configuration, or keeps those that are running.
struct PluginLoader {
    let diagnostics: Diagnostics
    let core: ServerCore
    let former: [LoadedPlugin]
    let freeze: PluginFreeze
    /// The descriptions by which plugins are known without running them.
    let known: LockedDescriptions
    let search: PluginSearch
    /// What processes of plugins are told about the server.
    let server: ServerFacts
    /// Every library that was ever loaded, since a library stays in the process once loaded.
    private static let files = Mutex<[String: PluginFile]>([:])

    init(
        _ configuration: Configuration, _ diagnostics: Diagnostics, core: ServerCore, former: [LoadedPlugin],
        freeze: PluginFreeze = .off, known: LockedDescriptions = .none
    ) {
        self.diagnostics = diagnostics
        self.core = core
        self.former = former
        self.freeze = freeze
        self.known = known
        server = ServerFacts(
            issuer: configuration.issuer, basePath: configuration.basePath, algorithms: SignatureAlgorithm.ownNames)
        search = PluginSearch(configuration.pluginPath + Installation.pluginFolders)
    }

    func load(_ entry: Configuration.PluginEntry) -> LoadedPlugin? {
        guard isAdmitted(entry) else { return nil }
        if entry.process != nil { return isolate(entry) }
        // Code of an isolated plugin is not in this process.
        let running = former.first { $0.entry.id == entry.id && $0.entry.process == nil }
        if let running, !isUnchanged(running, entry) { return nil }
        if var running, PluginLoader.isSame(running.entry, entry) {
            running.entry = entry
            return running
        }
        do {
            let path = try search.find(entry.id, library: entry.library)
            guard let loaded = try CInterfaceLibrary.isOne(path) ? link(entry) : open(entry) else { return nil }
            if let running, !running.registered.registry.stores.isEmpty {
                needsRestart(entry, "the settings of the store '\(entry.id)' have changed")
                return nil
            }
            return loaded
        } catch {
            report(error, of: entry, "plugin '\(entry.id)' cannot be loaded")
        }
        return nil
    }

    /// Loads a plugin whose library is in Swift; nil if the process has other code from the same path.
    private func open(_ entry: Configuration.PluginEntry) throws -> LoadedPlugin? {
        let locked = freeze.entry(of: entry.id)
        let library = try PluginLibrary.watched(
            entry.id, library: entry.library, pinned: entry.sha256, locked: locked, search: search)
        guard let file = loadedFile(library.path, entry) else { return nil }
        if let locked { try LockDifferences.check(version: library.type.manifest.version, locked) }
        return make(library, file, entry)
    }

    /// The file of a library that has been loaded; nil if it was another file when that path was loaded first.
    func loadedFile(_ path: String, _ entry: Configuration.PluginEntry) -> PluginFile? {
        let file = PluginFile(path)
        guard PluginLoader.files.withLock({ $0[file.path] ?? file }) == file else {
            needsRestart(entry, "the library of the plugin '\(entry.id)' has changed")
            return nil
        }
        PluginLoader.files.withLock { $0[file.path] = file }
        return file
    }

    /// Whether the lock has the plugin, or there is no lock to follow.
    private func isAdmitted(_ entry: Configuration.PluginEntry) -> Bool {
        switch freeze {
        case .off: return true
        case .unreadable: return false
        case .locked(let lock):
            if lock[entry.id] != nil { return true }
            diagnostics.report(
                at: entry.path, "the plugin '\(entry.id)' is not in 'plugins.lock'",
                note: "run 'grantor plugins lock' after you have checked its library")
            return false
        }
    }

    func report(_ error: any Error, of entry: Configuration.PluginEntry, _ what: String) {
        switch error {
        case let error as LockDifferences:
            for found in error.all { diagnostics.report(at: entry.path, found.message, note: found.note) }
        case let error as PluginLoadingError: diagnostics.report(at: entry.path, error.message, note: error.note)
        default: diagnostics.report(at: entry.path, "\(what): \(error)")
        }
    }

    // MARK: running plugins

    /// Whether a running plugin's library is still the same file; loading a path again would silently return old code.
    private func isUnchanged(_ running: LoadedPlugin, _ entry: Configuration.PluginEntry) -> Bool {
        do {
            let isNamed = running.entry.library == entry.library
            let path = isNamed ? running.file.path : try search.find(entry.id, library: entry.library)
            let isAsLocked = isLocked(path, entry, running)
            // A pin may be added in a reload, but must match the library that is loaded.
            if let pinned = entry.sha256, isAsLocked, pinned != running.entry.sha256 {
                try PluginLibrary.checkDigest(of: path, pinned, Digest.sha256)
            }
            if PluginFile(path) == running.file { return isAsLocked }
            needsRestart(entry, "the library of the plugin '\(entry.id)' has changed")
        } catch {
            report(error, of: entry, "the library of the plugin '\(entry.id)' cannot be examined")
        }
        return false
    }

    /// Whether the file of a running plugin is the locked one.
    ///
    /// The file may be newer than the code that runs: then the next start would load it, so it has to be locked too.
    private func isLocked(
        _ path: String, _ entry: Configuration.PluginEntry, _ running: LoadedPlugin
    ) -> Bool {
        guard let locked = freeze.entry(of: entry.id) else { return true }
        do {
            try LockDifferences.check(path, locked, pinned: entry.sha256, Digest.sha256)
            // What version another file has is not known before it is loaded.
            guard PluginFile(path) == running.file else { return true }
            try LockDifferences.check(version: running.manifest.version, locked)
            return true
        } catch {
            report(error, of: entry, "the library of the plugin '\(entry.id)' cannot be examined")
            return false
        }
    }

    /// Whether a running plugin can be kept, because neither its settings nor the way it is called have changed.
    private static func isSame(_ former: Configuration.PluginEntry, _ entry: Configuration.PluginEntry) -> Bool {
        former.settings == entry.settings && former.deadline == entry.deadline
            && (former.isOnEventLoop ?? false) == (entry.isOnEventLoop ?? false)
    }

    private func needsRestart(_ entry: Configuration.PluginEntry, _ message: String) {
        diagnostics.report(at: entry.path, message, note: "restart needed: a reload never replaces code or the store")
    }

    private func make(
        _ library: PluginLibrary, _ file: PluginFile, _ entry: Configuration.PluginEntry
    ) -> LoadedPlugin? {
        let source = PluginSettings(entry.settings)
        defer { source.finish(entry.id, at: entry.settingsPath, diagnostics) }
        do {
            let host = LentHost(core, to: entry.id)
            let (plugin, added) = try library.create(Settings(source), host: host)
            var registry = added
            let threads = threads(for: entry, library)
            if let threads, entry.isOnEventLoop != true { registry = threads.forwarding(registry) }
            return LoadedPlugin(
                entry: entry, manifest: library.type.manifest, code: library.code, file: file,
                settings: source.declarations,
                registered: RegisteredPlugin(
                    plugin, adding: registry, attributes: source.attributes, host: host, threads: threads))
        } catch let error as ConfigurationError {
            // Reading the setting has already reported this problem.
            if let key = error.key, source.hasProblem(at: key) { return nil }
            let path = error.key.map { entry.settingsPath + [.key($0)] } ?? entry.path
            diagnostics.report(at: path, "plugin '\(entry.id)': \(error.message)")
        } catch {
            diagnostics.report(
                at: entry.path, "plugin '\(entry.id)' cannot be used: its 'init' or 'register' threw: \(error)",
                note: "tell its author, who can throw a ConfigurationError that says what to do")
        }
        return nil
    }

    // MARK: plugins from outside

    /// The threads of a plugin from outside of the server; nil for one that comes with it.
    private func threads(for entry: Configuration.PluginEntry, _ library: PluginLibrary) -> PluginThreads? {
        guard !OwnPlugins.contain(entry.id, at: library.path) else {
            warnAboutKeysOfOthers(entry)
            return nil
        }
        if entry.isOnEventLoop == true { warnAboutEventLoop(entry) }
        return outsideThreads(for: entry)
    }

    /// The threads of a plugin from outside of the server, none of which is started yet.
    func outsideThreads(for entry: Configuration.PluginEntry) -> PluginThreads {
        var deadlines = PluginDeadlines()
        if let deadline = entry.deadline { deadlines.call = deadline }
        return PluginThreads(of: entry.id, deadlines: deadlines) { note in unsafe CrashLine.note(note?.text) }
    }

    private func warnAboutKeysOfOthers(_ entry: Configuration.PluginEntry) {
        let keys = [("deadline", entry.deadline != nil), ("on_event_loop", entry.isOnEventLoop != nil)]
        for (key, isSet) in keys where isSet {
            diagnostics.report(
                .warning, at: entry.path + [.key(key)], key: true,
                "'\(key)' has no effect: the plugin '\(entry.id)' comes with the server",
                note: "remove it; such a plugin runs on the event loops, without a deadline")
        }
    }

    private func warnAboutEventLoop(_ entry: Configuration.PluginEntry) {
        diagnostics.report(
            .warning, at: entry.path + [.key("on_event_loop")],
            "the plugin '\(entry.id)' runs on the event loops: if one of its calls blocks, other requests wait for it",
            note: "remove 'on_event_loop', and the plugin gets threads of its own, with a deadline for each call")
        guard entry.deadline != nil else { return }
        diagnostics.report(
            .warning, at: entry.path + [.key("deadline")], key: true,
            "'deadline' has no effect: the plugin '\(entry.id)' runs on the event loops",
            note: "remove 'on_event_loop' or 'deadline'")
    }
}
