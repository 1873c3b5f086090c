// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Finds tokens of this server that a client may present.
struct OwnTokens: Sendable {
    let host: any PluginHost

    /// The token with a value.
    ///
    /// - Parameters:
    ///   - value: The value that was presented.
    ///   - type: The type that the request names.
    ///   - client: The client that presents it.
    ///   - refuse: Makes the refusal from a reason.
    /// - Returns: The token.
    /// - Throws: What `refuse` makes; `StoreError`.
    func token(
        _ value: String, _ type: ExchangeType, for client: Client, refuse: (String) -> OAuthError
    ) async throws -> ResolvedToken {
        guard let token = try await host.tokens.resolve(value) else {
            let more = type == .identityToken ? ", or the plugin 'openid' lacks 'exchangeable_id_tokens: true'" : ""
            throw refuse("it is unknown, expired or revoked\(more)")
        }
        guard type.fits(token.kind) else { throw refuse("it is of another type than the request says") }
        guard isHeld(token, by: client) else {
            throw refuse("it was issued to another client, and is not for this one")
        }
        guard token.authorization.confirmation == nil else {
            throw refuse("it is bound to a key, and nobody has proved to hold it")
        }
        if type == .refreshToken, !client.grants.contains("refresh_token") {
            throw refuse("the client may not use refresh tokens")
        }
        return token
    }

    /// Whether a token was issued to a client, or is an access token that names the client as its audience: by its
    /// identifier, or by an audience whose tokens it may introspect as their resource server.
    private func isHeld(_ token: ResolvedToken, by client: Client) -> Bool {
        if token.clientID == client.id { return true }
        guard token.kind == .access else { return false }
        let names = [client.id] + (client.document["resources"]?.strings ?? [])
        return token.authorization.limits.audience.contains(where: names.contains)
    }

    /// The audience of a token; one without an audience is for this server.
    func audience(of token: ResolvedToken) -> [String] {
        let audience = token.authorization.limits.audience
        return audience.isEmpty ? [host.issuer] : audience
    }
}
