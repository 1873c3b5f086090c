// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("RFC 8414: authorization server metadata", .timeLimit(.minutes(10)))
struct MetadataTests {
    @Test("the metadata names what is loaded and nothing else", .clause("RFC 8414 section 2"))
    func folded() async throws {
        let server = try await TestServer()
        let all = Set(["authorization_code", "client_credentials", "refresh_token"])
        let document = await server.send("GET", "/.well-known/oauth-authorization-server")
        #expect(document["issuer"] == "https://id.example.com")
        #expect(document["token_endpoint"] == "https://id.example.com/auth/token")
        #expect(document["introspection_endpoint"] == "https://id.example.com/auth/introspect")
        #expect(Set(document.json["grant_types_supported"]?.strings ?? []) == all)
        #expect(document.json["response_types_supported"] == ["code"])
        #expect(document["authorization_endpoint"] == "https://id.example.com/auth/authorize")
        let job: JSON = [
            "id": "service", "secret": .string(TestServer.serviceSecret), "grant_types": ["client_credentials"],
        ]
        let few = try await TestServer(
            Plugins.all.filter { ["memory-store", "jwt-token", "client-credentials"].contains($0.type.manifest.id) },
            clients: [job], format: nil)
        let less = await few.send("GET", "/.well-known/oauth-authorization-server")
        #expect(less["introspection_endpoint"] == nil && less.json["grant_types_supported"] == ["client_credentials"])
        #expect(less.json["response_types_supported"] == [] && less["authorization_endpoint"] == nil)
        #expect(await few.introspect("x").status == 404)
        for path in ["/auth/authorize", "/auth/interaction", "/auth/userinfo", "/auth/revoke"] {
            #expect(await few.send("GET", path).status == 404)
        }
    }

    @Test("scope values that must be requested are listed if there is a grant that users approve")
    func scopesOnRequest() async throws {
        let full = try await TestServer().send("GET", "/.well-known/oauth-authorization-server")
        let names = full.json["scopes_supported"]?.strings ?? []
        #expect(names.contains("offline_access") && names.contains("openid") && Set(names).count == names.count)
        let plain = Plugins.all.filter { $0.type.manifest.id != "openid" }
        let noOpenID = try await TestServer(plain).send("GET", "/.well-known/oauth-authorization-server")
        #expect(noOpenID.json["scopes_supported"] == ["offline_access", "sessions"])
        let noRefresh = Plugins.all.filter { $0.type.manifest.id != "refresh-token" }
        let client: JSON = ["id": "c", "grant_types": ["client_credentials"], "secret": "a secret of c"]
        let without = try await TestServer(noRefresh, clients: [client])
            .send("GET", "/.well-known/oauth-authorization-server")
        #expect(without.json["scopes_supported"]?.strings.contains("offline_access") == false)
        let alone = ["memory-store", "opaque-token", "client-credentials", "refresh-token"]
        let noPeople = try await TestServer(
            Plugins.all.filter { alone.contains($0.type.manifest.id) }, clients: [TestServer.service])
        let document = await noPeople.send("GET", "/.well-known/oauth-authorization-server")
        #expect(document.json["scopes_supported"] == nil)
    }

    @Test(
        "a conditional request with a current entity tag gets no body", .clause("RFC 9110 section 13.1.2"),
        arguments: ["/.well-known/jwks.json", "/.well-known/oauth-authorization-server"])
    func cached(_ path: String) async throws {
        let server = try await TestServer()
        let first = await server.send("GET", path)
        let tag = try #require(first.header("etag"))
        #expect(first.header("cache-control")?.contains("max-age") == true)
        let second = await server.send("GET", path, headers: [("if-none-match", "\"x\", W/\(tag)")])
        #expect(second.status == 304 && second.body.isEmpty)
        #expect(await server.send("GET", path, headers: [("if-none-match", "\"other\"")]).status == 200)
    }

    @Test("published keys are public halves and state their use", .clause("RFC 7517 section 4"))
    func keys() async throws {
        let server = try await TestServer()
        let keys = await server.send("GET", "/.well-known/jwks.json").json["keys"]?.elements ?? []
        #expect(keys.count == 1)
        for key in keys {
            #expect(key["kty"] == "EC" && key["crv"] == "P-256" && key["use"] == "sig" && key["alg"] == "ES256")
            #expect(key["d"] == nil)
        }
    }

    @Test(
        "unknown paths are 404 and other methods 405",
        arguments: [
            ("GET", "/auth/token", 405), ("PUT", "/auth/token", 405), ("GET", "/auth/introspect", 405),
            ("POST", "/.well-known/jwks.json", 405),
            ("POST", "/", 405), ("GET", "//", 404), ("POST", "/auth/token/", 404), ("POST", "/auth//token", 404),
            ("POST", "/auth/nothing", 404), ("PUT", "/auth/authorize", 405), ("POST", "/AUTH/token", 404),
        ])
    func paths(_ method: String, _ path: String, _ status: Int) async throws {
        let server = try await TestServer()
        #expect(await server.send(method, path).status == status)
    }
}

@Suite("Fetch standard: scripts from other origins", .timeLimit(.minutes(10)))
struct CrossOriginTests {
    @Test("a script from the client's own origin may read the response, others may not")
    func ownOrigin() async throws {
        let server = try await TestServer()
        for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false), ("null", false)] {
            let answer = await server.post(
                "/auth/token", [("grant_type", "client_credentials")], as: ("service", TestServer.serviceSecret),
                headers: [("origin", origin)])
            #expect((answer.header("access-control-allow-origin") == origin) == allowed)
            #expect(answer.header("vary") == "Origin")
        }
    }

    @Test("only scripts from the origin of some client can read a refusal before the client is known")
    func unknownClient() async throws {
        let server = try await TestServer()
        for (origin, allowed) in [("https://app.example.com", true), ("https://evil.example", false)] {
            let answer = await server.post(
                "/auth/token", [("grant_type", "client_credentials")], as: ("service", "wrong"),
                headers: [("origin", origin)])
            #expect(answer.status == 401)
            #expect(answer.header("access-control-allow-origin") == (allowed ? origin : nil))
        }
    }

    @Test("a preflight is allowed for origins of clients")
    func preflight() async throws {
        let server = try await TestServer()
        let asked = [(name: "access-control-request-method", value: "POST")]
        let yes = await server.send("OPTIONS", "/auth/token", headers: asked + [("origin", "https://app.example.com")])
        #expect(yes.status == 204 && yes.header("access-control-allow-origin") == "https://app.example.com")
        #expect(yes.header("access-control-allow-methods") == "POST")
        let no = await server.send("OPTIONS", "/auth/token", headers: asked + [("origin", "https://evil.example")])
        #expect(no.status == 405 && no.header("access-control-allow-origin") == nil)
    }
}
