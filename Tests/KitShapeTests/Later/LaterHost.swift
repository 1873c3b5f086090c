// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Stands for what `AccessService` gains: what the core checks of a request on its way in, for endpoints that take one
/// on another way.
protocol LaterAccess: AccessService {
    /// What the token endpoint would allow a client under a grant.
    func limits(_ parameters: Parameters, client: Client, grant: GrantDeclaration) throws -> AccessLimits
    /// The parameters of an authorization request that the authorization endpoint would take.
    func validate(authorizationRequest parameters: Parameters, client: Client) async throws -> Parameters
}

/// Bounds guessing.
protocol AttemptService: Sendable {
    /// Counts first and checks then; false also where an account or address is held back.
    func attempt(
        _ account: String, from address: String, _ check: @Sendable () async throws -> Bool
    ) async throws -> Bool
}

/// Stands for what `CryptographyService` gains.
protocol LaterCryptography: CryptographyService {
    /// A JWS checked with the key in its own header, and that key's thumbprint (RFC 7638).
    func verifyEmbedded(_ token: String) -> (jwt: VerifiedJWT, thumbprint: String)?
}

/// Stands for what `PluginHost` gains.
///
/// Only a host conforms to it, so that a requirement more breaks no plugin, whether it has a default or not.
protocol LaterHost: PluginHost {
    var laterAccess: any LaterAccess { get }
    var attempts: any AttemptService { get }
    var laterCryptography: any LaterCryptography { get }
}

extension PluginHost {
    /// The host with the services that the kit does not name yet; a plugin is given no more than the kit names.
    func lendingMore() throws -> any LaterHost {
        guard let host = self as? any LaterHost else {
            throw ConfigurationError("this server does not lend what the plugin needs")
        }
        return host
    }
}
