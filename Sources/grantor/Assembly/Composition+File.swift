// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import ServerConfiguration
import ServerHTTP

extension Composition {
    /// Reads and checks a configuration for commands that do not run a server.
    static func read(_ file: ConfigurationFile, isFrozen: Bool = false) -> Composition {
        let (configuration, diagnostics) = file.read()
        let freeze = isFrozen ? PluginFreeze.read(file.lock, configuration, diagnostics) : .off
        let secrets = ClientSecretVerifier()
        return Composition(
            configuration, diagnostics, core: ServerCore.forCommands(issuer: configuration.issuer, secrets),
            secrets: secrets, passwords: secrets.passwords,
            pages: try? Pages(configuration.pages, logo: configuration.pages.logo.map(LogoFile.read)), freeze: freeze)
    }
}
