// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Cryptography
import Foundation
import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// `grantor plugins lock`.
struct LockPlugins: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lock", abstract: "Records the plugins of a configuration in 'plugins.lock'.",
        discussion: """
            Writes the version, the kit and the SHA-256 digest of each library into the file 'plugins.lock' beside the \
            configuration, and prints what has changed. Commit the file. 'grantor serve --frozen' loads no other \
            libraries.
            """)

    @OptionGroup var option: ConfigurationOption

    @Flag(help: "Writes nothing, and fails if the file would change.")
    var check = false

    func run() throws {
        defer { LogWriter.standardError.flush() }
        let file = try ConfigurationFile(option.config)
        let lock = PluginLock(try entries(of: file))
        do {
            try update(file.lock, to: lock)
        } catch let error as PluginLoadingError {
            throw Failure(error.description)
        }
    }

    /// Loads the libraries of a configuration; prints the problems of all of them.
    private func entries(of file: ConfigurationFile) throws -> [PluginLock.Entry] {
        let (configuration, diagnostics) = file.read()
        let search = PluginSearch(configuration.pluginPath + Installation.pluginFolders)
        let server = ServerFacts(
            issuer: configuration.issuer, basePath: configuration.basePath, algorithms: SignatureAlgorithm.ownNames)
        var entries: [PluginLock.Entry] = []
        for plugin in diagnostics.hasErrors ? [] : configuration.plugins {
            do {
                entries.append(try entry(for: plugin, search, server))
            } catch let error as PluginLoadingError {
                diagnostics.report(at: plugin.path, error.message, note: error.note)
            } catch let error as PluginStartError {
                diagnostics.report(at: plugin.path, "plugin '\(plugin.id)' cannot be isolated: \(error)")
            }
        }
        guard !diagnostics.hasErrors else {
            diagnostics.print()
            throw ExitCode(EX_CONFIG)
        }
        return entries
    }

    private func entry(
        for plugin: Configuration.PluginEntry, _ search: PluginSearch, _ server: ServerFacts
    ) throws -> PluginLock.Entry {
        if plugin.process != nil { return try isolatedEntry(for: plugin, search, server) }
        let path = try search.find(plugin.id, library: plugin.library)
        if CInterfaceLibrary.isOne(path) { return try foreignEntry(for: plugin, path, search, server) }
        // Pinned while it is loaded, so that the digest and the version are those of the same file.
        let digest = try plugin.sha256 ?? PluginLibrary.digest(of: path, sha256: Digest.sha256)
        let library = try PluginLibrary.watched(plugin.id, library: plugin.library, pinned: digest, search: search)
        return PluginLock.Entry(
            id: plugin.id, version: library.type.manifest.version, kit: library.kit, sha256: digest)
    }

    /// The entry of a plugin whose library has the C interface, which is asked for its version.
    private func foreignEntry(
        for plugin: Configuration.PluginEntry, _ path: String, _ search: PluginSearch, _ server: ServerFacts
    ) throws -> PluginLock.Entry {
        let digest = try plugin.sha256 ?? PluginLibrary.digest(of: path, sha256: Digest.sha256)
        let library = try CInterfaceLibrary.watched(plugin.id, library: plugin.library, pinned: digest, search: search)
        let description = try library.describe(plugin.settings, server).description
        return PluginLock.Entry(
            id: plugin.id, version: description.manifest.version, kit: library.kit, sha256: digest,
            description: .init(description, of: plugin, DescriptionQuestion(plugin, server)))
    }

    /// The entry of a plugin in processes of its own, which is asked for its version.
    private func isolatedEntry(
        for plugin: Configuration.PluginEntry, _ search: PluginSearch, _ server: ServerFacts
    ) throws -> PluginLock.Entry {
        let code = try IsolatedCode.checked(plugin, search)
        let digest = try code.digest(Digest.sha256)
        try code.check(pinned: plugin.sha256, locked: nil, Digest.sha256)
        let program = try IsolatedCode.program(plugin, code, server)
        let description = try PluginDescription(form: try PluginDescriber.describe(program), of: plugin.id)
        try description.checkIsolation()
        return PluginLock.Entry(
            id: plugin.id, version: description.manifest.version, kit: code.kit, sha256: digest,
            description: .init(description, of: plugin, DescriptionQuestion(program)))
    }

    private func update(_ file: PluginLockFile, to lock: PluginLock) throws {
        let former = try file.read()
        let changes = lock.changes(from: former)
        let count = "\(lock.entries.count) plugin\(lock.entries.count == 1 ? "" : "s")"
        for change in changes { StandardOutput.print("\(change)") }
        // The descriptions follow the settings; they change nothing about which libraries are loaded.
        let isOld = former.map { $0.text != lock.text } ?? true
        guard isOld, !check || former == nil || !changes.isEmpty else {
            return StandardOutput.print("\(file.name): nothing has changed, \(count)")
        }
        guard !check else {
            throw Failure("\(file.name) is not up to date; \(LockDifferences.remedy)")
        }
        try file.write(lock)
        StandardOutput.print("\(file.name): written, \(count)")
    }
}
