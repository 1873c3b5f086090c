// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit

extension TestPlugin {
    /// Authenticates a client by what the plugin adds, as every endpoint for clients does.
    ///
    /// - Parameters:
    ///   - parameters: The parameters of the request, as the client sends them.
    ///   - head: The request without its body.
    /// - Returns: The client, which is one of `host.clients`; nil if the request uses none of the plugin's methods.
    /// - Throws: `OAuthError` as the client gets it; `HostRefusal` for a mistake of the plugin that a server would
    ///   answer with `server_error`; `StoreError`; and every other error of the plugin.
    public func authenticate(
        _ parameters: Parameters,
        head: RequestHead = RequestHead(method: "POST", path: "/auth/token", address: "192.0.2.7")
    ) async throws -> Client? {
        let declared =
            registry.authenticators.flatMap { $0.parameters } + [ParameterDeclaration("client_id", longest: 256)]
        let accepted = try TestParameters(declarations: declared).accept(parameters, reader: "the authenticator")
        let names = UndeclaredNames(declared: declared.map(\.name))
        let request = AuthenticationRequest(head: head, parameters: names.watching(accepted))
        guard let (authenticator, claim) = try await claim(in: request) else { return nil }
        if let id = accepted["client_id"], id != claim.clientID {
            throw OAuthError(.invalidRequest, "the request names two clients")
        }
        guard let client = try await host.clients.find(claim.clientID), registers(client, claim.method) else {
            throw OAuthError(.invalidClient, reason: "the client is unknown, or has registered another method")
        }
        try await authenticator.prove(claim, of: client, in: request)
        try names.check(by: "the authenticator")
        return client
    }

    /// The one claim in a request.
    private func claim(
        in request: AuthenticationRequest
    ) async throws -> (authenticator: any ClientAuthenticator, claim: ClientClaim)? {
        var found: [(authenticator: any ClientAuthenticator, claim: ClientClaim)] = []
        for authenticator in registry.authenticators {
            guard let claim = try await authenticator.claim(in: request) else { continue }
            guard authenticator.methods.contains(where: { $0.name == claim.method }) else {
                throw HostRefusal(
                    "the authenticator claims a client by the method '\(claim.method)', which is not among its methods")
            }
            found.append((authenticator, claim))
        }
        guard found.count < 2 else {
            throw OAuthError(.invalidRequest, "the client uses two authentication methods")
        }
        return found.first
    }

    /// Whether a client has registered a method; one that names none uses the first for which it has keys or the
    /// attribute.
    private func registers(_ client: Client, _ method: String) -> Bool {
        if let name = client.document["token_endpoint_auth_method"] { return name == .string(method) }
        let hasKeys = client.document["jwks"] != nil || client.document["jwks_uri"] != nil
        let usual = registry.authenticators.flatMap { $0.methods }.first { method in
            method.credential == .keys && hasKeys || method.attribute.map { client.document[$0] != nil } ?? false
        }
        return usual?.name == method
    }
}
