// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Clients that authenticate with a signed assertion, as the plugin `client-assertion` does it.
struct ClientAssertions: Plugin, ClientAuthenticator {
    static let manifest = PluginManifest(
        id: "client-assertions", summary: "clients that sign who they are", specification: "RFC 7523, RFC 10070")
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    let methods = [AuthenticationMethod("private_key_jwt", with: .keys, algorithms: ["ES256"])]
    let parameters = [
        ParameterDeclaration("client_assertion", longest: 8192, secret: true),
        ParameterDeclaration("client_assertion_type"),
    ]
    private let host: any PluginHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(authenticator: self)
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard let assertion = request.parameters["client_assertion"] else { return nil }
        guard request.parameters["client_assertion_type"] == ClientAssertions.type,
            let client = host.foreignKeys.unverified(assertion)?.claims["iss"]?.string
        else { throw refusal("it is not an assertion of a client") }
        return ClientClaim(clientID: client, method: "private_key_jwt")
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        var rules = JWTRules(types: ["client-authentication+jwt", "JWT"], issuer: client.id, audience: [host.issuer])
        rules.subject = client.id
        rules.longestLife = .seconds(300)
        rules.isSingleUse = true
        do {
            let assertion = try request.parameters.required("client_assertion")
            _ = try await host.foreignKeys.verify(assertion, by: .client(client), rules)
        } catch let problem as JWTRefusal {
            throw refusal(problem.reason)
        }
    }

    private func refusal(_ reason: String) -> OAuthError {
        OAuthError(.invalidClient, "client authentication failed", reason: reason)
    }
}
