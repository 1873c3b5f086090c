// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The revocation endpoint, where a client revokes a token that it no longer needs (RFC 7009).
struct TokenRevocation: Plugin, Endpoint {
    static let manifest = PluginManifest(
        id: "revocation", summary: "a client revokes its tokens", specification: "RFC 7009")

    let route = Route(["POST"], "/revoke", metadata: "revocation_endpoint")
    let admission = Admission.client(.identified)
    let parameters = [
        ParameterDeclaration("token", required: true, longest: 8192, secret: true),
        ParameterDeclaration("token_type_hint", longest: 64),
    ]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: self)
    }

    func respond(to request: EndpointRequest<Client>) async throws -> EndpointResponse {
        let done = EndpointResponse(nil)
        // An unknown or expired token needs no revocation (section 2.2).
        guard let token = try await host.tokens.resolve(request.parameters.required("token")) else { return done }
        guard token.clientID == request.caller.id else {
            throw OAuthError(.invalidGrant, "the token was issued to another client")
        }
        // Revoking a refresh token revokes all tokens of the same grant (section 2.1).
        if token.kind == .refresh, let grant = token.authorization.grantID {
            try await host.tokens.revoke(.grant(grant), reason: "the client revoked the refresh token")
        } else {
            try await host.tokens.revoke(.token(token.id), reason: "the client revoked it")
        }
        return done
    }
}

/// The handshake that the server reads before it loads this library.
@c(revocation_plugin_abi)
public func revocationPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(revocation_plugin_make)
public func revocationPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(TokenRevocation.self)
}
