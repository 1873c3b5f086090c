// SPDX-License-Identifier: Apache-2.0

import GrantKit
@_spi(Host) import GrantKitTesting

/// An authenticator whose claim and proof are functions.
struct ClosureAuthenticator: Plugin, ClientAuthenticator {
    typealias Claim = @Sendable (AuthenticationRequest) async throws -> ClientClaim?
    typealias Prove = @Sendable (Client, AuthenticationRequest, any PluginHost) async throws -> Void

    static let manifest = PluginManifest(id: "closure-authenticator", summary: "is tested", specification: "")

    var methods = [AuthenticationMethod("letter", with: .keys)]
    var parameters = [ParameterDeclaration("letter", longest: 4096)]
    var claim: Claim = { request in
        guard request.parameters["letter"] != nil else { return nil }
        return ClientClaim(clientID: "robot", method: "letter")
    }
    var prove: Prove = ClosureAuthenticator.check
    let host: any PluginHost

    init(settings: Settings, host: any PluginHost) {
        self.host = host
    }

    func register(in registry: inout Registry) {
        registry.add(authenticator: self)
    }

    func claim(in request: AuthenticationRequest) async throws -> ClientClaim? {
        try await claim(request)
    }

    func prove(_ claim: ClientClaim, of client: Client, in request: AuthenticationRequest) async throws {
        try await prove(client, request, host)
    }

    /// The proof of an authenticator without a fault.
    static let check: Prove = { client, request, host in
        do {
            var rules = JWTRules(types: ["JWT"], issuer: client.id, audience: [host.issuer])
            rules.isSingleUse = true
            let letter = try request.parameters.required("letter")
            _ = try await host.foreignKeys.verify(letter, by: .client(client), rules)
        } catch let refusal as JWTRefusal {
            throw OAuthError(.invalidClient, "the letter is not accepted", reason: refusal.reason)
        }
    }

    /// The authenticator under test, with changes.
    static func underTest(
        _ change: @escaping @Sendable (inout ClosureAuthenticator) -> Void = { _ in }
    ) -> PluginUnderTest {
        let party = TestParty("robot-key")
        let plugin = PluginUnderTest(manifest) { settings, host in
            var authenticator = ClosureAuthenticator(settings: settings, host: host)
            change(&authenticator)
            return authenticator
        }
        return plugin.authenticating(.test(id: "robot", document: ["jwks": party.keys])) { plugin in
            let claims: JSON = [
                "iss": "robot", "aud": .string(plugin.host.issuer), "exp": .integer(plugin.host.clock.now.seconds + 60),
                "jti": .string("\(plugin.host.store.calls)"),
            ]
            return ["letter": party.sign(claims)]
        }
    }
}
