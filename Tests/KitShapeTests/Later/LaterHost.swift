// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Takes the place of what `AccessService` will get.
protocol LaterAccess: AccessService {
    /// The parameters of an authorization request that the authorization endpoint would accept.
    func validate(authorizationRequest parameters: Parameters, client: Client) async throws -> Parameters
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
