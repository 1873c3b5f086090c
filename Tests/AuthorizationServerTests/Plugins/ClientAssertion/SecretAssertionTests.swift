// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Support
import Testing

@testable import AuthorizationServer
@testable import Cryptography

@Suite("OpenID Connect Core section 9: client_secret_jwt", .timeLimit(.minutes(10)))
struct SecretAssertionTests {
    private static let secret = "a secret of thirty-two bytes, or more"
    private static let settings: JSON = ["methods": ["private_key_jwt", "client_secret_jwt"]]

    private static func client(_ changes: JSON = [:]) -> JSON {
        let document: JSON = [
            "id": "robot", "secret": .string(secret), "grant_types": ["client_credentials"],
            "token_endpoint_auth_method": "client_secret_jwt",
        ]
        return document.changed(by: changes)
    }

    private func server(_ changes: JSON = [:], settings: JSON = settings) async throws -> TestServer {
        try await TestServer(
            TestServer.asserting(settings), clients: [TestServer.service, Self.client(changes)])
    }

    /// An assertion with a message authentication code.
    private func assertion(
        at now: Timestamp, id: String = "a-1", key: [UInt8] = Array(secret.utf8), algorithm: String = "HS256",
        by function: HashFunction = .sha256
    ) -> String {
        let header: JSON = ["alg": .string(algorithm), "typ": "client-authentication+jwt"]
        let claims: JSON = [
            "iss": "robot", "sub": "robot", "aud": "https://id.example.com", "jti": .string(id),
            "exp": .integer(now.seconds + 60),
        ]
        let text = Base64URL.encode(header.bytes) + "." + Base64URL.encode(claims.bytes)
        return text + "." + Base64URL.encode(function.code(Array(text.utf8), key: key))
    }

    @Test("a code with the secret authenticates once, and one with another secret never")
    func authenticates() async throws {
        let server = try await server()
        let good = assertion(at: server.clock.now)
        #expect(await server.assert(good).status == 200, "\(server.log.lines)")
        #expect(await server.assert(good).status == 401)
        let wrong = assertion(at: server.clock.now, id: "a-2", key: Array("another secret of more than 32 bytes".utf8))
        #expect(await server.assert(wrong).status == 401)
        #expect(server.log.lines.contains { $0.contains("the message authentication code is wrong") })
        #expect(!server.log.lines.contains { $0.contains(Self.secret) })
    }

    @Test("a code needs a secret that is as long (RFC 7518 section 3.2)")
    func lengths() async throws {
        let server = try await server()
        let long = assertion(at: server.clock.now, algorithm: "HS512", by: .sha512)
        #expect(await server.assert(long).status == 401)
        #expect(server.log.lines.contains { $0.contains("the secret is shorter than a code of its algorithm") })
        let longer = String(repeating: "s", count: 64)
        let other = try await self.server(["secret": .string(longer)])
        let good = assertion(at: other.clock.now, key: Array(longer.utf8), algorithm: "HS512", by: .sha512)
        #expect(await other.assert(good).status == 200)
    }

    @Test("both secrets count while one replaces the other")
    func rotates() async throws {
        let next = "the next secret, which is longer than 32 bytes"
        let server = try await server(["secret": [.string(Self.secret), .string(next)]])
        #expect(await server.assert(assertion(at: server.clock.now, id: "1")).status == 200)
        #expect(await server.assert(assertion(at: server.clock.now, id: "2", key: Array(next.utf8))).status == 200)
    }

    @Test("the method is off unless the plugin names it, and then in the metadata")
    func named() async throws {
        let without = try await TestServer(TestServer.asserting(), clients: [TestServer.service])
        let answer = await without.assert(assertion(at: without.clock.now))
        #expect(answer.status == 401)
        #expect(without.log.lines.contains { $0.contains("the setting 'methods' of the plugin") })
        await #expect(throws: ConfigurationError.self) { _ = try await server(settings: [:]) }
        let metadata = try await server().send("GET", "/.well-known/oauth-authorization-server").json
        #expect(metadata["token_endpoint_auth_methods_supported"]?.strings.contains("client_secret_jwt") == true)
        #expect(metadata["token_endpoint_auth_signing_alg_values_supported"]?.strings.contains("HS256") == true)
    }

    @Test("the secret itself, and a signature, are refused from such a client")
    func exactly() async throws {
        let signer = try Signer()
        let server = try await server(["jwks": signer.keys])
        let sent = await server.post(
            "/auth/token", [("grant_type", "client_credentials")], as: ("robot", Self.secret))
        #expect(sent.status == 401)
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 401)
    }

    @Test("a code with a public key is refused, also if the client's method is the other one")
    func publicKey() async throws {
        let signer = try Signer()
        for method in ["private_key_jwt", "client_secret_jwt"] {
            let server = try await server(
                ["jwks": signer.keys, "token_endpoint_auth_method": .string(method)])
            let forged = assertion(at: server.clock.now, key: signer.jwk.bytes)
            #expect(await server.assert(forged).status == 401, "\(method)")
        }
    }

    @Test("a secret that cannot be read or is short is an error, and so is a client in the store")
    func unreadable() async throws {
        let short: JSON = ["secret": "a secret of 31 bytes, not more."]
        let hash: JSON = ["secret": .string(People.scrypt)]
        let plugins = TestServer.asserting(Self.settings)
        let plain = try await TestServer(plugins)
        for changes in [short, hash] {
            let errors = try await plain.problems(plugins, clients: [Self.client(changes)]).filter {
                $0.severity == .error
            }
            #expect(errors.count == 1 && errors[0].message.contains("needs a secret of at least 32 bytes"))
        }
        let none = try await plain.problems(plugins, clients: [Self.client(["secret": .null])])
        #expect(none.contains { $0.severity == .error && $0.message.contains("needs a secret, but") })
        let refusal = await #expect(throws: DocumentRefusal.self) {
            _ = try await plain.storedClients.create(Self.client())
        }
        #expect(refusal.map { "\($0)" }?.contains("in the store") == true)
    }
}
