// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of what `AccessService` will get.
protocol LaterAccess: AccessService {
    /// The parameters of an authorization request that the authorization endpoint would accept.
    func validate(authorizationRequest parameters: Parameters, client: Client) async throws -> Parameters
    /// What a client may get out of another token's authorization. The core compares scope by the scope rules.
    ///
    /// The result ends with the original: it has the same grant ID, session and epochs, lives no longer, and allows no
    /// refresh token.
    func derive(
        from authorization: Authorization, for request: TokenRequest, _ audience: DerivedAudience
    ) async throws -> Authorization
}

/// Takes the place of what `PluginHost` will get.
///
/// Only hosts conform to it, so a new requirement breaks no plugin, whether it has a default or not.
protocol LaterHost: PluginHost {
    /// The name of this instance: the plugin's ID, or what the configuration calls it with `as`.
    var name: String { get }
    var laterAccess: any LaterAccess { get }
    var laterCryptography: any LaterCryptography { get }
    var laterForeignKeys: any LaterForeignKeys { get }
    var messages: any MessageService { get }
    var connections: any ConnectionService { get }
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
