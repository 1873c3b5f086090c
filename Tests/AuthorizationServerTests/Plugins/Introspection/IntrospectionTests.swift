// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("RFC 7662: token introspection", .timeLimit(.minutes(10)))
struct IntrospectionTests {
    static let clients: [JSON] = [
        TestServer.service,
        ["id": "https://api.example.com", "secret": "api secret", "grant_types": []],
        ["id": "gateway", "secret": "gateway secret", "grant_types": [], "resources": ["https://api.example.com"]],
        ["id": "stranger", "secret": "stranger secret", "grant_types": []],
        ["id": "spa", "grant_types": ["refresh_token"]],
    ]

    @Test(
        "a token's client and its audience may introspect it, and others learn nothing", .clause("RFC 7662 section 4"),
        arguments: ["opaque", "jwt"])
    func entitled(_ format: String) async throws {
        let server = try await TestServer(clients: IntrospectionTests.clients, format: format)
        let token = await server.token([("audience", "https://api.example.com")])["access_token"] ?? ""
        for (id, secret) in [
            ("service", TestServer.serviceSecret), ("https://api.example.com", "api secret"),
            ("gateway", "gateway secret"),
        ] {
            let answer = await server.introspect(token, as: id, secret)
            #expect(answer.json["active"] == true, "\(id)")
            #expect(answer["aud"] == "https://api.example.com" && answer["client_id"] == "service")
            #expect(
                answer["token_type"] == "Bearer" && answer["sub"] == "service" && answer["iss"] == server.core.issuer)
            #expect(answer.json["exp"]?.integer == answer.json["iat"]?.integer.map { $0 + 900 })
        }
        let stranger = await server.introspect(token, as: "stranger", "stranger secret")
        #expect(stranger.json == ["active": false])
    }

    @Test("a JWT that was introspected before is inactive once it is revoked, its key is gone or it has expired")
    func introspectedBefore() async throws {
        let server = try await TestServer(format: "jwt")
        let (revoked, kept) = (await server.token()["access_token"] ?? "", await server.token()["access_token"] ?? "")
        for token in [revoked, kept, revoked, kept] { #expect(await server.isActive(token)) }
        let id = try #require(await server.introspect(revoked)["jti"])
        try await server.core.tokens.revoke(.token(id), reason: "of a test")
        #expect(await !server.isActive(revoked))
        #expect(await server.isActive(kept))
        let others = ServerKeyRing(
            signingKeys: [try SigningKey.generate()], macKeys: [.init(id: "k1", bytes: Digest.random(32))])
        for (keys, isActive) in [(others, false), (server.keys, true)] {
            server.core.open(
                store: CheckedStore(server.core.store, of: "memory-store"), keys: keys, publicJWKS: keys.publicJWKS)
            #expect(await server.isActive(kept) == isActive)
        }
        server.clock.advance(.seconds(900))
        #expect(await !server.isActive(kept))
    }

    @Test(
        "an API learns the user's name, a client only what the user allowed, and a token without a user has none",
        .clause("RFC 7662 section 2.2"), arguments: ["opaque", "jwt"])
    func userName(_ format: String) async throws {
        let api = "https://api.example.com"
        var house = Demo.house
        house["auth"] = [
            "authorization_code": [
                "redirect_uri": .string(Demo.callback), "audience": .strings([api]), "token_format": .string(format),
            ]
        ]
        let clients = [house] + IntrospectionTests.clients
        let server = try await TestServer(
            clients: clients, users: Demo.users, passwords: CountingPasswords())
        func token(_ scope: String) async -> String {
            let code = await server.code([("scope", scope)]).query["code"] ?? ""
            return await server.redeem(code, as: ("house", Demo.secret))["access_token"] ?? ""
        }
        let (told, untold) = (await token("openid profile"), await token("openid"))
        #expect(await server.introspect(untold, as: "gateway", "gateway secret")["username"] == "ann.lee")
        #expect(await server.introspect(told, as: "house", Demo.secret)["username"] == "ann.lee")
        #expect(await server.introspect(untold, as: "house", Demo.secret)["username"] == "ann", "the identifier alone")
        #expect(await server.introspect(untold, as: "stranger", "stranger secret").json == ["active": false])
        let own = await server.token()["access_token"] ?? ""
        #expect(await server.introspect(own)["username"] == nil)
    }

    @Test(
        "anything that is not a token is inactive and not an error", .clause("RFC 7662 section 2.2"),
        arguments: ["x", "gat_x", "a.b.c", "grt.a.0.b", "..", "é", "eyJhbGciOiJub25lIn0.e30."])
    func unknown(_ token: String) async throws {
        let server = try await TestServer()
        let answer = await server.introspect(token)
        #expect(answer.status == 200 && answer.json == ["active": false])
    }

    @Test("an opaque token starts with its time of issue, and is unknown with another time")
    func time() async throws {
        let server = try await TestServer()
        var tokens: [String] = []
        for _ in 0..<20 { tokens.append(await server.token()["access_token"] ?? "") }
        let times = tokens.map { $0.dropFirst(4).prefix(11) }
        #expect(times == times.sorted() && times.allSatisfy { Int($0, radix: 16) ?? 0 > 1_700_000_000_000 })
        #expect(Set(tokens.map { $0.dropFirst(15) }).count == 20 && tokens.allSatisfy { $0.utf8.count == 58 })
        #expect(await server.isActive(tokens[0]))
        #expect(await !server.isActive("gat_00000000000" + tokens[0].dropFirst(15)))
    }

    @Test("introspection requires client authentication", .clause("RFC 7662 section 2.1"))
    func authenticated() async throws {
        let server = try await TestServer(clients: IntrospectionTests.clients)
        #expect(await server.post("/auth/introspect", [("token", "x")]).status == 401)
        #expect(
            await server.post("/auth/introspect", [("token", "x"), ("client_id", "spa")]).error == "unauthorized_client"
        )
        #expect(await server.introspect("").error == "invalid_request")
    }

    @Test("a revoked token or grant is inactive at the next introspection", arguments: ["opaque", "jwt"])
    func revoked(_ format: String) async throws {
        let server = try await TestServer(format: format)
        let tokens = await [server.token(), server.token(), server.token()].map { $0["access_token"] ?? "" }
        let first = try #require(try await server.core.tokens.resolve(tokens[0]))
        let second = try #require(try await server.core.tokens.resolve(tokens[1]))
        try await server.core.tokens.revoke(.token(first.id), reason: "test")
        try await server.core.tokens.revoke(.grant(try #require(second.authorization.grantID)), reason: "test")
        #expect(await !server.isActive(tokens[0]))
        #expect(await !server.isActive(tokens[1]))
        #expect(await server.isActive(tokens[2]))
    }

    @Test("revoking a grant is one write, whatever was issued under it")
    func revocationIsOneWrite() async throws {
        let (server, store) = try await TestServer.counting()
        let token = try #require(try await server.core.tokens.resolve(await server.token()["access_token"] ?? ""))
        let before = store.writes
        try await server.core.tokens.revoke(.grant(try #require(token.authorization.grantID)), reason: "test")
        #expect(store.writes == before + 1)
    }

    @Test("a failing store makes no token active and none inactive", .clause("RFC 7662 section 2.2"))
    func storeFails() async throws {
        let (server, store) = try await TestServer.counting()
        let token = await server.token()["access_token"] ?? ""
        store.fail(true)
        let answer = await server.introspect(token)
        #expect(answer.status == 503 && answer.json["active"] == nil)
        #expect(await server.token().status == 503)
        #expect(server.log.lines.contains { $0.contains("the disk is full") })
        store.fail(false)
        #expect(await server.isActive(token))
    }

    @Test("a removed client has no active tokens")
    func removedClient() async throws {
        let server = try await TestServer(clients: IntrospectionTests.clients)
        let token = await server.token([("audience", "https://api.example.com")])["access_token"] ?? ""
        let others = Array(IntrospectionTests.clients.dropFirst())
        server.core.install(try await server.generation(Plugins.all, clients: others))
        #expect(await server.introspect(token, as: "gateway", "gateway secret").json == ["active": false])
    }
}
