// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Logging

extension ServerCore {
    /// A server without pages, log and open store, as the host of plugins in commands.
    static func forCommands(issuer: String, _ secrets: ClientSecretVerifier) -> ServerCore {
        ServerCore(
            issuer: issuer, environment: SystemEnvironment(), cryptography: SystemCryptography(), secrets: secrets,
            passwords: secrets.passwords, pages: NoPages(), algorithms: SignatureAlgorithm.ownNames,
            logger: Logger(label: "grantor") { _ in SwiftLogNoOpLogHandler() })
    }
}
