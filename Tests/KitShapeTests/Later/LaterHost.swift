// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of what `AccessService` will get: the core's checks of a request, for endpoints that receive one in
/// another way.
protocol LaterAccess: AccessService {
    /// The parameters of an authorization request that the authorization endpoint would accept.
    func validate(authorizationRequest parameters: Parameters, client: Client) async throws -> Parameters
}

/// Takes the place of what `CryptographyService` will get.
protocol LaterCryptography: CryptographyService {
    /// A JWS verified with the key in its own header, and that key's thumbprint (RFC 7638).
    func verifyEmbedded(_ token: String) -> (jwt: VerifiedJWT, thumbprint: String)?
}

/// Takes the place of what `PluginHost` will get.
///
/// Only hosts conform to it, so a new requirement breaks no plugin, whether it has a default or not.
protocol LaterHost: PluginHost {
    var laterAccess: any LaterAccess { get }
    var laterCryptography: any LaterCryptography { get }
}

extension PluginHost {
    /// The host with the services that the kit does not have yet; a plugin only gets what the kit has.
    func lendingMore() throws -> any LaterHost {
        guard let host = self as? any LaterHost else {
            throw ConfigurationError("this server does not lend what the plugin needs")
        }
        return host
    }
}
