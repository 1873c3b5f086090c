// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Authenticates clients with what plugins add, as the core will do it.
struct TestAuthentication {
    let authenticators: [any ClientAuthenticator]
    let clients: [Client]

    /// - Throws: `OAuthError` `invalid_request` for two claims, `invalid_client` for a claim that is not proved.
    func authenticate(
        _ parameters: Parameters = [:], headers: [(name: String, value: String)] = []
    ) async throws -> Client {
        let head = RequestHead(method: "POST", path: "/tenant/auth/token", headers: headers)
        let request = AuthenticationRequest(head: head, parameters: parameters)
        var claims: [(authenticator: any ClientAuthenticator, claim: ClientClaim)] = []
        for authenticator in authenticators {
            if let claim = try await authenticator.claim(in: request) { claims.append((authenticator, claim)) }
        }
        guard claims.count < 2 else { throw OAuthError(.invalidRequest, "a client must authenticate in one way") }
        guard let (authenticator, claim) = claims.first,
            let client = clients.first(where: { $0.id == claim.clientID }),
            client.document["token_endpoint_auth_method"]?.string == claim.method
        else { throw OAuthError(.invalidClient, reason: "the client is unknown or authenticates in another way") }
        try await authenticator.prove(claim, of: client, in: request)
        return client
    }
}
