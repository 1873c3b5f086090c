// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import OutsideText
import PluginLoading
import ServerConfiguration
import ServerHTTP

/// A configuration whose plugins are loaded and which was checked against them; nothing of it runs yet.
struct Composition {
    let configuration: Configuration
    let diagnostics: Diagnostics
    let plugins: [LoadedPlugin]
    let generation: Generation?
    private let settings: ServerSettings

    /// Reads, loads and checks; all that is wrong is in the diagnostics.
    ///
    /// - Parameters:
    ///   - configuration: What the file says.
    ///   - diagnostics: What is wrong with it so far.
    ///   - host: What the plugins are lent.
    ///   - secrets: Compares the secrets of clients.
    ///   - passwords: Compares the passwords of users.
    ///   - pages: The server's pages, to which plugins add theirs; nil if they cannot be used.
    ///   - former: Plugins that run; one whose entry did not change is kept.
    init(
        _ configuration: Configuration, _ diagnostics: Diagnostics, host: any PluginHost, secrets: any SecretVerifier,
        passwords: any PasswordHashing, pages: (any PageRenderer)?,
        former: [LoadedPlugin] = []
    ) {
        self.configuration = configuration
        self.diagnostics = diagnostics
        let loader = PluginLoader(configuration, diagnostics, host: host, former: former)
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
        let (generation, problems) = Generation.build(
            settings, plugins: plugins.map(\.registered), secrets: secrets, passwords: passwords,
            cryptography: SystemCryptography(), pages: pages,
            isComplete: configuration.arePluginsComplete && plugins.count == configuration.plugins.count)
        for problem in problems { diagnostics.report(problem, plugins) }
        self.generation = generation
    }

    /// Reports what the store and the configuration both name; only an open store knows.
    ///
    /// - Throws: `StoreError`.
    func checkStoredUsers(in store: any Store) async throws {
        for problem in try await Identifiers.conflicts(with: settings, in: store, SystemCryptography()) {
            diagnostics.report(problem, plugins)
        }
    }
}
