// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Userinfo and bearer tokens (OpenID Connect Core section 5.3, RFC 6750)", .timeLimit(.minutes(10)))
struct UserInfoTests {
    private func token(_ server: TestServer, _ changes: [(String, String?)] = []) async -> String {
        let code = await server.code(changes).query["code"] ?? ""
        return await server.redeem(code, as: ("house", Demo.secret))["access_token"] ?? ""
    }

    @Test("without a token the response asks for one and names no error", .clause("RFC 6750 section 3.1"))
    func noToken() async throws {
        let server = try await Demo.server()
        let answer = await server.send("GET", "/auth/userinfo")
        #expect(answer.status == 401 && answer.header("www-authenticate") == "Bearer realm=\"grantor\"")
        let basic = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", Form.basic("house", Demo.secret))])
        #expect(basic.status == 401 && basic.header("www-authenticate")?.contains("error") == false)
    }

    @Test("a token that is invalid, expired or not an access token is refused", .clause("RFC 6750 section 3.1"))
    func wrongToken() async throws {
        var client = Demo.house
        client["auth"] = ["authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": true]]
        let server = try await Demo.server(clients: [client])
        let code = await server.code().query["code"] ?? ""
        let tokens = await server.redeem(code, as: ("house", Demo.secret))
        let access = tokens["access_token"] ?? ""
        var wrong = ["", "x", access + "x", String(access.dropLast()), tokens["refresh_token"] ?? "", code]
        wrong += [tokens["id_token"] ?? "", "\(access) \(access)"]
        for value in wrong {
            let answer = await server.send("GET", "/auth/userinfo", headers: [("authorization", "Bearer \(value)")])
            #expect(answer.status == 401 && answer["sub"] == nil, "\(value)")
        }
        server.clock.advance(.seconds(901))
        let late = await server.send("GET", "/auth/userinfo", headers: [("authorization", "Bearer \(access)")])
        #expect(late.status == 401 && late.header("www-authenticate")?.contains("error=\"invalid_token\"") == true)
    }

    @Test("a token without the scope is refused with the missing scope value", .clause("RFC 6750 section 3.1"))
    func scope() async throws {
        let server = try await Demo.server()
        let token = await token(server, [("scope", "profile")])
        let answer = await server.send("GET", "/auth/userinfo", headers: [("authorization", "Bearer \(token)")])
        #expect(answer.status == 403 && answer.error == "insufficient_scope")
        #expect(answer.header("www-authenticate")?.contains("scope=\"openid\"") == true)
    }

    @Test("a token is never accepted in the query, nor in two places", .clause("RFC 9700 section 4.3.2"))
    func places() async throws {
        let server = try await Demo.server()
        let token = await token(server)
        let bearer = [(name: "authorization", value: "Bearer \(token)")]
        let query = await server.send("GET", "/auth/userinfo", query: "access_token=\(token)")
        #expect(query.status == 400)
        let both = await server.post("/auth/userinfo", [("access_token", token)], headers: bearer)
        #expect(both.status == 400 && both.error == "invalid_request")
        let twice = await server.send("GET", "/auth/userinfo", headers: bearer + bearer)
        #expect(twice.status == 400)
        let form = await server.post("/auth/userinfo", [("access_token", token), ("access_token", token)])
        #expect(form.status == 400)
    }

    @Test(
        "with the token in the header no body is needed, and a body that is not a form is ignored",
        .clause("RFC 6750 section 2"),
        arguments: [
            (nil, ""), ("application/json", ""), ("application/json", "{}"), ("application/json; charset=utf-8", "{}"),
            ("application/json", "{\"access_token\":\"x\"}"), ("application/json", "no JSON"), ("text/plain", "x"),
            (nil, "x"), ("multipart/form-data; boundary=x", "--x--"), ("application/x-www-form-urlencoded", ""),
            ("Application/X-WWW-Form-Urlencoded;charset=UTF-8", "a=b"), ("", "a=%"),
        ] as [(String?, String)])
    func bodies(_ type: String?, _ body: String) async throws {
        let server = try await Demo.server()
        let bearer = (name: "authorization", value: "Bearer \(await token(server))")
        let kind = type.map { [(name: "content-type", value: $0)] } ?? []
        for method in ["GET", "POST"] {
            let answer = await server.send(method, "/auth/userinfo", headers: [bearer] + kind, body: Array(body.utf8))
            #expect(answer.status == 200 && answer["sub"] == "ann", "\(method)")
        }
        let without = await server.send("POST", "/auth/userinfo", headers: kind, body: Array(body.utf8))
        #expect(without.status == 401, "a token is read from a form alone")
    }

    static let formats = ["opaque", "jwt"]

    @Test(
        "a token for another API gets no claims", .clause("RFC 9068 section 4"), arguments: formats)
    func audience(_ format: String) async throws {
        let (api, own) = ("https://api.example.com", "https://id.example.com")
        var client = Demo.house
        client["auth"] = [
            "authorization_code": ["redirect_uri": .string(Demo.callback), "audience": .strings([api, own])]
        ]
        let server = try await TestServer(clients: [client], users: Demo.users, format: format)
        for (audiences, status) in [([api], 401), ([own], 200), ([api, own], 200), ([], 200)] {
            let browser = Browser(server)
            let request = Demo.request([("client_id", "house")]) + audiences.map { ("audience", $0) }
            let code = await browser.signIn(await browser.authorize(request)).query["code"] ?? ""
            let token = await server.redeem(code, as: ("house", Demo.secret))["access_token"] ?? ""
            let answer = await BasicOPTests.userinfo(server, token)
            #expect(answer.status == status, "\(audiences)")
            if status == 401 { #expect(answer.error == "invalid_token" && answer["sub"] == nil) }
        }
        let many = (0..<9).map { _ in ("audience", api) }
        let refused = await Browser(server).authorize(Demo.request([("client_id", "house")]) + many)
        #expect(refused.query["error"] == "invalid_target", "nobody has authenticated here")
    }

    @Test(
        "a claim requested by name is returned only if the user allowed it",
        .clause("OpenID Connect Core section 3.1.2.4"), arguments: formats)
    func requestedClaims(_ format: String) async throws {
        let server = try await TestServer(clients: [Demo.web, Demo.house], users: Demo.users, format: format)
        let names = #"{"email":null,"phone_number":{"essential":true},"address":null,"birthdate":null}"#
        let claims = #"{"userinfo":\#(names),"id_token":\#(names)}"#
        func told(_ scope: String, allowing ticked: [String]) async -> (info: JSON, token: JSON) {
            let browser = Browser(server)
            let asked = [("scope", scope), ("claims", claims), ("prompt", "consent")]
            let page = await browser.authorize(Demo.request(asked))
            let landed = await browser.allow(await browser.signIn(page), ticked)
            let tokens = await server.redeem(landed.query["code"] ?? "")
            let info = await BasicOPTests.userinfo(server, tokens["access_token"] ?? "").json
            return (info, server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims ?? .null)
        }
        for scope in ["openid", "openid email phone address profile"] {
            let none = await told(scope, allowing: [])
            #expect(none.info == ["sub": "ann"], "\(scope)")
            #expect(none.token["sub"] == "ann")
            for name in ["email", "phone_number", "address", "birthdate"] { #expect(none.token[name] == nil) }
        }
        let some = await told("openid email phone", allowing: ["email"])
        #expect(some.token["email"] == "ann@example.com" && some.token["phone_number"] == nil)
        #expect(some.token["email_verified"] == nil, "it was not asked for by name")
        #expect(some.info["email"] == "ann@example.com" && some.info["phone_number"] == nil)
    }

    @Test("scripts of another origin can never read a page", .clause("RFC 9700 section 2.6"))
    func pagesAndOrigins() async throws {
        var client = Demo.house
        client["allowed_origins"] = ["https://app.example.com"]
        let server = try await Demo.server(clients: [client])
        let origin = [(name: "origin", value: "https://app.example.com")]
        let query = Demo.request([("client_id", "house")]).map { "\($0.0)=\(Form.encode($0.1))" }.joined(separator: "&")
        let page = await server.send("GET", "/auth/authorize", query: query, headers: origin)
        #expect(page.heading == "Sign in" && page.header("access-control-allow-origin") == nil)
        for path in ["/auth/authorize", "/auth/interaction"] {
            let preflight = await server.send(
                "OPTIONS", path, headers: origin + [("access-control-request-method", "GET")])
            #expect(preflight.status == 405 && preflight.header("access-control-allow-origin") == nil)
        }
    }

    @Test("a token for the client itself is refused")
    func client() async throws {
        var service = TestServer.service
        (service["scope"], service["auth"]) = (["openid", "read"], nil)
        let server = try await Demo.server(clients: [service])
        let token = await server.token([("scope", "openid")])["access_token"] ?? ""
        let answer = await server.send("GET", "/auth/userinfo", headers: [("authorization", "Bearer \(token)")])
        #expect(answer.status == 403)
    }

    @Test("scripts from the client's own origin can read the response")
    func origins() async throws {
        var client = Demo.house
        client["allowed_origins"] = ["https://app.example.com"]
        let server = try await Demo.server(clients: [client])
        let token = await token(server)
        for (origin, isLet) in [("https://app.example.com", true), ("https://evil.example", false)] {
            let answer = await server.send(
                "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(token)"), ("origin", origin)])
            #expect((answer.header("access-control-allow-origin") == origin) == isLet)
        }
    }

    @Test("the claims of the scope are also in the ID token if configured")
    func inToken() async throws {
        let plugins = Plugins.all.map { setup in
            setup.type.manifest.id == "openid"
                ? PluginSetup(setup.type, ["claims_in_id_token": true, "algorithms": ["ES256"]]) : setup
        }
        let server = try await Demo.server(plugins)
        let code = await server.code([("scope", "openid email")]).query["code"] ?? ""
        let tokens = await server.redeem(code, as: ("house", Demo.secret))
        let claims = server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims
        #expect(claims?["email"] == "ann@example.com" && claims?["name"] == nil)
    }

    @Test("a user's document cannot set the protocol claims of an ID token")
    func reserved() async throws {
        var evil = Demo.users[0]
        evil["data"] = [
            "sub": "admin", "iss": "https://evil.example", "aud": "other", "exp": 1, "name": 7, "email": ["x"],
            "address": "not an object", "email_verified": "yes",
        ]
        let server = try await TestServer(
            Plugins.all, clients: [Demo.house], users: [evil], passwords: CountingPasswords())
        let code = await server.code([("scope", "openid profile email address")]).query["code"] ?? ""
        let tokens = await server.redeem(code, as: ("house", Demo.secret))
        let claims = server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims
        #expect(claims?["sub"] == "ann" && claims?["iss"] == "https://id.example.com" && claims?["aud"] == "house")
        let info = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(tokens["access_token"] ?? "")")])
        #expect(info["sub"] == "ann")
        for name in ["name", "email", "address", "email_verified"] { #expect(info.json[name] == nil, "\(name)") }
    }
}

@Suite("OpenID Connect Discovery, Config OP", .timeLimit(.minutes(10)))
struct DiscoveryTests {
    @Test("oidcc-discovery-endpoint-verification: everything a client needs, of the right types, and nothing untrue")
    func document() async throws {
        let server = try await Demo.server()
        let answer = await server.send("GET", "/.well-known/openid-configuration")
        #expect(answer.status == 200 && answer.header("content-type") == "application/json")
        let document = answer.json
        #expect(document["issuer"] == "https://id.example.com")
        for name in [
            "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint",
        ] {
            #expect(document[name]?.string?.hasPrefix("https://id.example.com/") == true, "\(name)")
        }
        for name in [
            "response_types_supported", "response_modes_supported", "grant_types_supported", "scopes_supported",
            "subject_types_supported", "id_token_signing_alg_values_supported", "claims_supported",
            "token_endpoint_auth_methods_supported", "code_challenge_methods_supported", "display_values_supported",
            "claim_types_supported",
        ] {
            #expect(!(document[name]?.strings.isEmpty ?? true), "\(name)")
        }
        for name in ["claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"] {
            #expect(document[name]?.bool != nil, "\(name)")
        }
        #expect(document["response_types_supported"] == ["code"] && document["subject_types_supported"] == ["public"])
        #expect(document["scopes_supported"]?.strings.contains("openid") == true)
        #expect(document["scopes_supported"]?.strings.allSatisfy(Scope.isWord) == true)
        #expect(document["code_challenge_methods_supported"] == ["S256"])
        let algorithms = document["id_token_signing_alg_values_supported"]?.strings ?? []
        #expect(algorithms == ["ES256"], "what this server was set to")
        let keys = await server.send("GET", "/.well-known/jwks.json").json["keys"]?.elements ?? []
        #expect(Set(keys.compactMap { $0["kid"]?.string }).count == keys.count)
        for key in keys { for name in ["d", "p", "q", "dp", "dq", "qi", "k"] { #expect(key[name] == nil) } }
        #expect(await server.send("GET", "/.well-known/oauth-authorization-server").json == document)
    }

    @Test("a server without the plugin does not have this document")
    func absent() async throws {
        let few = Plugins.all.filter { $0.type.manifest.id != "openid" }
        let server = try await Demo.server(few, clients: [TestServer.service])
        #expect(await server.send("GET", "/.well-known/openid-configuration").status == 404)
        #expect(await server.send("GET", "/auth/userinfo").status == 404)
    }
}
