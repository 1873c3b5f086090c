// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import OutsideText
import PluginLoading
import ServerConfiguration
import ServerHTTP

/// A configuration with its plugins loaded, checked against them; nothing runs yet.
struct Composition {
    let configuration: Configuration
    let diagnostics: Diagnostics
    let plugins: [LoadedPlugin]
    let generation: Generation?
    private let settings: ServerSettings

    /// Loads the plugins and checks the configuration against them; every problem is reported to the diagnostics.
    ///
    /// - Parameters:
    ///   - configuration: The configuration as read from the file.
    ///   - diagnostics: The problems found so far.
    ///   - core: The server, which lends each plugin a host.
    ///   - secrets: Compares client secrets.
    ///   - passwords: Compares users' passwords.
    ///   - pages: The server's pages, to which plugins add their own; nil if the pages are unusable.
    ///   - former: The running plugins; a plugin whose entry did not change is kept.
    ///   - freeze: Says which libraries may be loaded.
    ///   - known: The descriptions by which plugins are known without running them; such plugins cannot be started.
    init(
        _ configuration: Configuration, _ diagnostics: Diagnostics, core: ServerCore, secrets: any SecretVerifier,
        passwords: any PasswordHashing, pages: (any PageRenderer)?,
        former: [LoadedPlugin] = [], freeze: PluginFreeze = .off, known: LockedDescriptions = .none
    ) async {
        self.configuration = configuration
        self.diagnostics = diagnostics
        let loader = PluginLoader(configuration, diagnostics, core: core, former: former, freeze: freeze, known: known)
        plugins = configuration.plugins.compactMap(loader.load)
        ConfiguredKeys.check(plugins, diagnostics)
        settings = ServerSettings(
            issuer: configuration.issuer, basePath: configuration.basePath, aliasPaths: configuration.aliasPaths,
            defaultTokenFormat: configuration.defaultTokenFormat, sessionLifetime: configuration.sessionLifetime,
            languages: Pages.languages(in: configuration.pages.folder), hasLanding: configuration.pages.hasLanding,
            clients: configuration.clients, users: configuration.users)
        guard diagnostics.isReadable else {
            generation = nil
            return
        }
        let (generation, problems) = await Generation.build(
            settings, plugins: plugins.map(\.registered), secrets: secrets, passwords: passwords,
            cryptography: SystemCryptography(), pages: pages,
            isComplete: configuration.arePluginsComplete && plugins.count == configuration.plugins.count)
        for problem in problems { diagnostics.report(problem, plugins) }
        self.generation = generation
    }

    /// Reports identifiers that occur both in the store and in the configuration; needs an open store.
    ///
    /// - Throws: `StoreError`.
    func checkStoredUsers(in store: any Store) async throws {
        for problem in try await Identifiers.conflicts(with: settings, in: store, SystemCryptography()) {
            diagnostics.report(problem, plugins)
        }
    }
}
