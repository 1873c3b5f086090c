// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import GrantKitTesting
import Support
import Testing

/// The plugin `client-assertion`, on a server with real signatures and on a test host with its own.
@Suite("A test host authenticates clients like the server", .timeLimit(.minutes(10)))
struct ClientAuthenticationParityTests {
    /// A change of the request, sent twice in turn.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var claims: JSON = [:]
        var header: JSON = [:]
        var client: JSON = [:]
        var form: [(String, String)] = []
        var type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    }

    private static let cases: [Case] = [
        Case(testDescription: "a good assertion"), Case(testDescription: "its client", form: [("client_id", "robot")]),
        Case(testDescription: "another client", form: [("client_id", "other")]),
        Case(testDescription: "no subject", claims: ["sub": .null]),
        Case(testDescription: "no identifier", claims: ["jti": .null]),
        Case(testDescription: "expired", claims: ["exp": 1]),
        Case(testDescription: "not yet", claims: ["nbf": 1_900_000_000]),
        Case(testDescription: "another audience", claims: ["aud": "https://other.example.com"]),
        Case(
            testDescription: "two audiences", claims: ["aud": ["https://id.example.com", "https://other.example.com"]]),
        Case(testDescription: "the token endpoint", claims: ["aud": "https://id.example.com/auth/token"]),
        Case(
            testDescription: "the token endpoint, which it may name",
            claims: ["aud": "https://id.example.com/auth/token"], header: ["typ": "JWT"],
            client: ["assertion_audience": "token_endpoint"]),
        Case(testDescription: "no type", header: ["typ": .null]),
        Case(testDescription: "an access token", header: ["typ": "at+jwt"]),
        Case(testDescription: "an unknown key", header: ["kid": "other"]),
        Case(testDescription: "an extension", header: ["crit": ["exp"]]),
        Case(testDescription: "no signature", header: ["alg": "none"]),
        Case(testDescription: "a shared secret", header: ["alg": "HS256"]),
        Case(testDescription: "another type of assertion", type: "saml"),
        Case(testDescription: "another method", client: ["token_endpoint_auth_method": "client_secret_basic"]),
        Case(testDescription: "no keys", client: ["jwks": .null]),
    ]

    @Test("the same requests end in the same way", arguments: cases)
    func same(_ example: Case) async throws {
        let signer = try Signer()
        let party = TestParty("robot-key")
        var document = signer.client(["secret": "a secret of the robot"]).changed(by: example.client)
        if document["token_endpoint_auth_method"] == nil, document["jwks"] != nil { document["secret"] = nil }
        let server = try await TestServer(
            Plugins.all + [.init(Plugins.clientAssertion)], clients: [TestServer.service, document])
        let host = TestHost(issuer: server.core.issuer)
        let plugin = try await host.load(Plugins.clientAssertion)
        if document["jwks"] != nil { document["jwks"] = party.keys }
        host.clients.add(.test(id: "robot", document: document))
        let claims = signer.claims(at: server.clock.now).changed(by: example.claims)
        host.clock.now = server.clock.now
        for _ in 0..<2 {
            let header = signer.header.changed(by: example.header)
            let answer = await server.post(
                "/auth/token",
                [("grant_type", "client_credentials")] + form(try signer.sign(header, claims.bytes), example))
            let own = example.header["kid"] == nil ? header.changed(by: ["kid": .string(party.name)]) : header
            let token = party.sign(claims, type: nil, header: own)
            let test = await outcome(of: form(token, example), plugin)
            #expect(test == answer.error ?? "authenticated")
        }
    }

    @Test("a code with a secret is accepted by both, and one with another secret by neither")
    func codes() async throws {
        let secret = "a secret of thirty-two bytes, or more"
        let settings: JSON = ["methods": ["client_secret_jwt"]]
        let document: JSON = [
            "id": "robot", "secret": .string(secret), "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_jwt",
        ]
        let server = try await TestServer(
            Plugins.all + [.init(Plugins.clientAssertion, settings)], clients: [TestServer.service, document])
        let plugin = try await TestHost(issuer: server.core.issuer).load(Plugins.clientAssertion, settings: settings)
        plugin.host.clients.add(.test(id: "robot", document: document))
        let claims = try Signer().claims(at: server.clock.now)
        for given in [secret, secret, "another secret of more than 32 bytes"] {
            let sent = form(TestParty.authenticate(claims, with: given), Case(testDescription: "a code"))
            let answer = await server.post("/auth/token", [("grant_type", "client_credentials")] + sent)
            let test = await outcome(of: sent, plugin)
            #expect(test == answer.error ?? "authenticated")
        }
    }

    private func form(_ assertion: String, _ example: Case) -> [(String, String)] {
        [("client_assertion", assertion), ("client_assertion_type", example.type)] + example.form
    }

    private func outcome(of form: [(String, String)], _ plugin: TestPlugin) async -> String {
        do {
            return try await plugin.authenticate(Parameters(form)) == nil ? "nobody" : "authenticated"
        } catch let error as OAuthError {
            return error.code.rawValue
        } catch {
            return "server_error"
        }
    }
}
