// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

@testable import Cryptography

@Suite("Clients with keys are checked", .timeLimit(.minutes(10)))
struct ClientKeyTests {
    private static let plugins = Plugins.all.filter {
        ["memory-store", "opaque-token", "client-credentials", "refresh-token"].contains($0.type.manifest.id)
    }

    /// The problems of one client.
    private func problems(
        _ client: JSON, with plugins: [PluginSetup] = [.init(Plugins.clientAssertion)]
    ) async throws -> [ConfigurationProblem] {
        try await TestServer(Self.plugins).problems(Self.plugins + plugins, clients: [client])
    }

    static let wrong: [(rule: String, changes: JSON, message: String)] = [
        ("both kinds of keys", ["jwks_uri": "https://a.example.com/keys"], "has both 'jwks' and 'jwks_uri'"),
        ("keys that are none", ["jwks": "keys"], "the keys of client 'robot' cannot be used"),
        ("an empty set", ["jwks": ["keys": []]], "cannot be used"), ("an empty list", ["jwks": []], "cannot be used"),
        ("a secret as key", ["jwks": ["keys": [["kty": "oct", "k": "c2VjcmV0"]]]], "secret or private key"),
        ("a private key", ["jwks": ["keys": [["kty": "EC", "crv": "P-256", "d": "x"]]]], "secret or private key"),
        ("a point that is not on the curve", ["jwks": ["keys": [ClientKeyTests.offCurve]]], "cannot be used"),
        ("an address over http", ["jwks": .null, "jwks_uri": "http://a.example.com/keys"], "must be an https URL"),
        ("an address that is none", ["jwks": .null, "jwks_uri": 7], "must be an https URL"),
        ("an address of an app", ["jwks": .null, "jwks_uri": "com.example.app:/keys"], "must be an https URL"),
        ("an unknown method", ["token_endpoint_auth_method": "tls_client_auth"], "no loaded plugin authenticates"),
        ("a method that is a number", ["token_endpoint_auth_method": 1], "must be a string"),
        ("a secret method without secret", ["token_endpoint_auth_method": "client_secret_basic"], "needs a secret"),
        (
            "a key method without keys", ["jwks": .null, "token_endpoint_auth_method": "private_key_jwt"],
            "needs keys, but client 'robot' has none"
        ),
        (
            "a public client with a confidential grant", ["token_endpoint_auth_method": "none"],
            "may not use 'client_credentials' without a secret"
        ),
        (
            "a public client with a secret", ["token_endpoint_auth_method": "none", "secret": "a secret"],
            "has a secret that 'none' does not use"
        ),
        ("an unknown algorithm", ["token_endpoint_auth_signing_alg": "none"], "must be one or several of"),
        ("an unknown audience", ["assertion_audience": "any"], "must be one of issuer, token_endpoint"),
    ]

    private static let offCurve: JSON = [
        "kty": "EC", "crv": "P-256", "x": .string(Base64URL.encode([UInt8](repeating: 1, count: 32))),
        "y": .string(Base64URL.encode([UInt8](repeating: 2, count: 32))),
    ]

    @Test("a mistake in the keys or the method is an error with its place", arguments: wrong.indices)
    func mistakes(_ place: Int) async throws {
        let (rule, changes, message) = Self.wrong[place]
        let problems = try await problems(try Signer().client(changes))
        let errors = problems.filter { $0.severity == .error }
        #expect(errors.count == 1 && errors[0].message.contains(message), "\(rule): \(problems.map(\.message))")
    }

    static let warned: [(rule: String, changes: JSON, message: String)] = [
        (
            "a secret that is never used", ["token_endpoint_auth_method": "private_key_jwt", "secret": "a secret"],
            "has a secret that 'private_key_jwt' does not use"
        ),
        (
            "the token endpoint as audience", ["assertion_audience": "token_endpoint"],
            "'assertion_audience: token_endpoint'"
        ),
    ]

    @Test("what is allowed but unwise is a warning", arguments: warned.indices)
    func warnings(_ place: Int) async throws {
        let (rule, changes, message) = Self.warned[place]
        let problems = try await problems(try Signer().client(changes))
        #expect(problems.map(\.severity) == [.warning] && problems[0].message.contains(message), "\(rule)")
    }

    @Test("keys are accepted as a set and as Aidbox's list")
    func forms() async throws {
        let signer = try Signer()
        for keys in [signer.keys, [signer.jwk]] as [JSON] {
            #expect(try await problems(signer.client(["jwks": keys])).isEmpty)
        }
        let address: JSON = ["jwks": .null, "jwks_uri": "https://a.example.com/keys"]
        #expect(try await problems(signer.client(address)).isEmpty)
    }

    @Test("without a plugin for keys, a client with a secret is warned of, and one without is an error")
    func noPlugin() async throws {
        let signer = try Signer()
        let secret = try await problems(signer.client(["secret": "a secret"]), with: [])
        #expect(secret.map(\.severity) == [.warning] && secret[0].message.contains("'jwks'"))
        let alone = try await problems(signer.client(), with: [])
        #expect(alone.contains { $0.severity == .error && $0.message.contains("has keys and no secret") })
        let open: JSON = ["token_endpoint_auth_method": "none", "grant_types": ["refresh_token"]]
        #expect(try await problems(signer.client(open), with: []).allSatisfy { $0.severity == .warning })
    }

    @Test("a client with keys that is created in the store gets no secret, and authenticates")
    func stored() async throws {
        let signer = try Signer()
        let server = try await TestServer(TestServer.asserting())
        for changes in [[:], ["token_endpoint_auth_method": "private_key_jwt"]] as [JSON] {
            let id = "robot-\(changes.members.count)"
            let robot = try Signer(id)
            let change = try await server.storedClients.create(robot.client(changes))
            #expect(change.secret == nil)
            #expect(try await server.core.clients.find(id)?.isPublic == false)
            let answer = await server.assert(try robot.sign(robot.claims(at: server.clock.now)))
            #expect(answer.status == 200, "\(server.log.lines)")
        }
        var secret = signer.client(["jwks": .null])
        secret["id"] = "plain"
        #expect(try await server.storedClients.create(secret).secret != nil, "one without keys gets one")
    }
}
