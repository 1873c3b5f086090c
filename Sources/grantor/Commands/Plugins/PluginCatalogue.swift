// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import GrantKit
import PluginLoading
import PluginProcesses
import ServerConfiguration

/// The plugins that a command can show: those on the search path, and those that a configuration lists.
struct PluginCatalogue {
    private let file: (configuration: Configuration, diagnostics: Diagnostics)?
    private let known: LockedDescriptions
    private let search: PluginSearch

    init(_ option: SearchOption) throws {
        // Reading a configuration makes its folder the current one, where the relative paths in it start.
        let folders = option.pluginPath.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        let named = try option.config.map { try ConfigurationFile($0) }
        known = named.map { .read($0.lock) } ?? .none
        var file = named?.read()
        file?.configuration.pluginPath.insert(contentsOf: folders, at: 0)
        self.file = file
        search = PluginSearch((file?.configuration.pluginPath ?? folders) + Installation.pluginFolders)
        if let file, file.diagnostics.hasErrors { throw PluginCatalogue.refusal(file.diagnostics) }
    }

    /// The ids of all plugins.
    var ids: [String] {
        Set(search.candidates + (file?.configuration.plugins ?? []).map(\.id)).sorted()
    }

    /// Loads a plugin's library.
    ///
    /// - Throws: `PluginLoadingError`.
    func library(_ id: String) throws -> PluginLibrary {
        let entry = entry(id)
        return try PluginLibrary.watched(id, library: entry?.library, pinned: entry?.sha256, search: search)
    }

    /// The id, version and summary of a plugin; one whose description is data is asked for it.
    ///
    /// - Throws: `PluginLoadingError`, or an exit status after printed diagnostics.
    func manifest(_ id: String) throws -> PluginManifest {
        try entry(id)?.process == nil && !isForeign(id) ? library(id).type.manifest : plugin(id).manifest
    }

    /// Creates a plugin, with the settings that the configuration has for it.
    ///
    /// - Throws: `PluginLoadingError`, an error of the plugin, or an exit status after printed diagnostics.
    func plugin(_ id: String) throws -> InstalledPlugin {
        let issuer = file?.configuration.issuer ?? "https://id.example.com"
        let core = ServerCore.forCommands(issuer: issuer, ClientSecretVerifier())
        guard let file, let entry = entry(id) else {
            guard try isForeign(id) else { return try InstalledPlugin(library(id), host: LentHost(core, to: id)) }
            let library = try CInterfaceLibrary.watched(id, library: nil, pinned: nil, search: search)
            let server = ServerFacts(issuer: issuer, basePath: "/auth", algorithms: SignatureAlgorithm.ownNames)
            return try InstalledPlugin(library, server)
        }
        let loader = PluginLoader(file.configuration, file.diagnostics, core: core, former: [], known: known)
        guard let loaded = loader.load(entry), !file.diagnostics.hasErrors else {
            throw PluginCatalogue.refusal(file.diagnostics)
        }
        return InstalledPlugin(loaded)
    }

    /// Whether the library of a plugin has the C interface.
    private func isForeign(_ id: String) throws -> Bool {
        CInterfaceLibrary.isOne(try search.find(id, library: entry(id)?.library))
    }

    private func entry(_ id: String) -> Configuration.PluginEntry? {
        file?.configuration.plugins.first { $0.id == id }
    }

    /// Prints the errors of a configuration; they end this command like every other that reads one.
    private static func refusal(_ diagnostics: Diagnostics) -> ExitCode {
        diagnostics.print()
        return ExitCode(EX_CONFIG)
    }
}
