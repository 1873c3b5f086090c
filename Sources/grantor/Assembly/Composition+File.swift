// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import AuthorizationServer
import Cryptography
import Foundation
import Logging
import ServerConfiguration
import ServerHTTP

extension Composition {
    /// Reads and checks a configuration for commands that do not run a server.
    static func read(_ file: ConfigurationFile) -> Composition {
        let (configuration, diagnostics) = file.read()
        let secrets = ClientSecretVerifier()
        let core = ServerCore(
            issuer: configuration.issuer, environment: SystemEnvironment(), cryptography: SystemCryptography(),
            secrets: secrets,
            passwords: secrets.passwords, pages: NoPages(), algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() })
        return Composition(
            configuration, diagnostics, core: core, secrets: secrets, passwords: secrets.passwords,
            pages: try? Pages(configuration.pages, logo: configuration.pages.logo.map(LogoFile.read)))
    }
}
