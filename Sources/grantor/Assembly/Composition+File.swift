// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration
import ServerHTTP

extension Composition {
    /// Reads and checks a configuration for commands that do not run a server.
    ///
    /// - Parameters:
    ///   - file: The configuration.
    ///   - isFrozen: Whether only libraries are loaded that the lock has.
    ///   - known: The descriptions by which plugins are known without running them.
    /// - Returns: The composition.
    static func read(
        _ file: ConfigurationFile, isFrozen: Bool = false, known: LockedDescriptions = .none
    ) async -> Composition {
        let (configuration, diagnostics) = file.read()
        let freeze = isFrozen ? PluginFreeze.read(file.lock, configuration, diagnostics) : .off
        let secrets = ClientSecretVerifier()
        return await Composition(
            configuration, diagnostics, core: ServerCore.forCommands(issuer: configuration.issuer, secrets),
            secrets: secrets, passwords: secrets.passwords,
            pages: try? Pages(configuration.pages, logo: configuration.pages.logo.map(LogoFile.read)), freeze: freeze,
            known: known)
    }
}
