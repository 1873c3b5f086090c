// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Clients that authenticate with a signed assertion (RFC 7523 section 2.2, RFC 10070).
struct ClientAssertions: Plugin, ClientAuthenticator {
    static let manifest = PluginManifest(
        id: "client-assertions", summary: "clients that sign who they are", specification: "RFC 7523, RFC 10070")
    static let type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

    let methods = ["private_key_jwt"]
    let parameters = [
        ParameterDeclaration("client_assertion", longest: 8192, secret: true),
        ParameterDeclaration("client_assertion_type"),
    ]
    private let host: any LaterHost

    init(settings: Settings, host: any PluginHost) throws {
        self.host = try host.lendingMore()
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoreCollection("client_assertion", durability: .relaxed))
        registry.add(later: self)
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        guard let assertion = request.parameters["client_assertion"] else { return nil }
        guard request.parameters["client_assertion_type"] == ClientAssertions.type,
            let client = host.foreignKeys.unverified(assertion)?.claims["iss"]?.string
        else { throw refusal("it is not an assertion of a client") }
        return ClientClaim(clientID: client, method: "private_key_jwt")
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws -> Proof? {
        var rules = JWTRules(types: ["client-authentication+jwt", "JWT"], issuer: client.id, audience: [host.issuer])
        rules.isAudienceAlone = true
        rules.required = ["sub", "aud", "exp", "jti"]
        rules.longestLife = .seconds(300)
        do {
            let assertion = try request.parameters.required("client_assertion")
            let claims = try await host.foreignKeys.verify(assertion, by: .client(client), rules).jwt.claims
            guard claims["sub"]?.string == client.id else { throw refusal("its subject is another client") }
            try await useUp(claims["jti"]?.string ?? "", of: client)
        } catch let problem as JWTRefusal {
            throw refusal(problem.reason)
        }
        return nil
    }

    private func useUp(_ id: String, of client: Client) async throws {
        let key = StoreKey("client_assertion", host.cryptography.digest("\(client.id) \(id)"))
        let uses = try await host.store.increment(key, expiresAt: host.now + .seconds(300))
        guard uses == 1 else { throw refusal("it was used before") }
    }

    private func refusal(_ reason: String) -> OAuthError {
        OAuthError(.invalidClient, "the client assertion is not accepted", reason: reason)
    }
}
