// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Clients in the store that authenticate with assertions", .timeLimit(.minutes(10)))
struct StoredAssertionTests {
    private static let settings: JSON = ["methods": ["private_key_jwt", "client_secret_jwt"]]
    private static let long = "a secret of thirty-two bytes, or more"

    private func server() async throws -> (server: TestServer, token: String) {
        let plugins = TestServer.asserting(Self.settings) + [PluginSetup(Plugins.adminAPI)]
        let server = try await TestServer(plugins, clients: [AdminAPITests.manager, TestServer.service])
        let form = [("grant_type", "client_credentials"), ("scope", "admin")]
        let answer = await server.post("/auth/token", form, as: ("manager", "s3cret of the manager"))
        return (server, try #require(answer["access_token"]))
    }

    @Test("a client made with keys gets no secret, says so, and authenticates with its key alone")
    func keys() async throws {
        let signer = try Signer()
        let (server, token) = try await server()
        let made = await server.admin("POST", "/Client", signer.client(), token: token)
        #expect(made.status == 201 && made.json["secret"] == nil, "\(made.json)")
        #expect(await server.assert(try signer.sign(signer.claims(at: server.clock.now))).status == 200)
        let named = await server.post("/auth/token", [("grant_type", "client_credentials"), ("client_id", "robot")])
        #expect(named.status == 401)
        #expect(try await server.storedClients.methods(of: "robot") == ["private_key_jwt"])
        #expect(try await server.storedClients.methods(of: "nobody").isEmpty)
    }

    @Test("keys that are replaced through the API count from the next request on")
    func replaced() async throws {
        let (former, next) = (try Signer(), try Signer())
        let (server, token) = try await server()
        #expect(await server.admin("POST", "/Client", former.client(), token: token).status == 201)
        let answer = await server.admin("PATCH", "/Client/robot", ["jwks": next.keys], token: token)
        #expect(answer.status == 200, "\(answer.json)")
        let now = server.clock.now
        #expect(await server.assert(try former.sign(former.claims(at: now, id: "1"))).status == 401)
        #expect(await server.assert(try next.sign(next.claims(at: now, id: "2"))).status == 200)
    }

    /// Documents that ask for a method that the store's digests cannot serve.
    static let digests: [(rule: String, method: String, path: String, changes: JSON)] = [
        ("with a generated secret", "POST", "/Client", ["id": "x"]),
        ("with an imported secret", "POST", "/Client", ["id": "x", "secret": .string(long)]),
        ("with a hash", "POST", "/Client", ["id": "x", "secret": .string(People.scrypt)]),
        ("without a secret", "POST", "/Client", ["id": "x", "secret": .null]),
        ("made by PUT", "PUT", "/Client/x", [:]), ("replaced", "PUT", "/Client/orders", [:]),
        ("changed", "PATCH", "/Client/orders", [:]),
        ("changed with a new secret", "PATCH", "/Client/orders", ["secret": .string(long)]),
    ]

    @Test(
        "client_secret_jwt is refused where the store keeps a digest, and the message says what to do",
        arguments: digests)
    func digest(_ rule: String, _ method: String, _ path: String, _ changes: JSON) async throws {
        let (server, token) = try await server()
        #expect(await server.admin("POST", "/Client", AdminAPITests.orders, token: token).status == 201)
        var body: JSON = ["grant_types": ["client_credentials"], "token_endpoint_auth_method": "client_secret_jwt"]
        for member in changes.members { body[member.name] = member.value }
        let answer = await server.admin(method, path, body, token: token)
        let problems = answer.json["problems"]?.elements ?? []
        #expect(answer.status == 422 && problems.count == 1, "\(rule): \(answer.json.text)")
        #expect(problems.first?["pointer"] == "/token_endpoint_auth_method", "\(rule)")
        let message = problems.first?["message"]?.string ?? ""
        #expect(message.contains("keeps no readable secret") && message.contains("or use its keys"), "\(message)")
        #expect(try await server.storedClients.entry("x") == nil, "\(rule)")
        #expect(try await server.storedClients.methods(of: "orders").contains("client_secret_basic"), "\(rule)")
    }

    @Test("two sources of keys, and a method without its keys, are refused")
    func contradictions() async throws {
        let (signer, (server, token)) = (try Signer(), try await server())
        let both = signer.client(["jwks_uri": "https://robot.example.com/keys.json"])
        let none = signer.client(["jwks": .null, "token_endpoint_auth_method": "private_key_jwt"])
        for (document, pointer) in [(both, "/jwks_uri"), (none, "/token_endpoint_auth_method")] {
            let answer = await server.admin("POST", "/Client", document, token: token)
            let pointers = (answer.json["problems"]?.elements ?? []).compactMap { $0["pointer"]?.string }
            #expect(answer.status == 422 && pointers == [pointer], "\(answer.json.text)")
        }
    }
}
