// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The client credentials grant: a client acts for itself and gets what it is allowed to have (RFC 6749 section 4.4).
struct ClientCredentials: Plugin, TokenGrant {
    static let manifest = PluginManifest(
        id: "client-credentials", summary: "a client acts for itself", specification: "RFC 6749 section 4.4")

    let declaration = GrantDeclaration("client_credentials", client: .confidential)

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(grant: self)
    }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        Authorization(subject: .client(request.client.id), limits: request.allowed)
    }
}

/// The handshake that the server reads before it loads this library.
@c(client_credentials_plugin_abi)
public func clientCredentialsPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(client_credentials_plugin_make)
public func clientCredentialsPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(ClientCredentials.self)
}
