// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// The fixtures for tests of implicit and hybrid responses.
private enum Front {
    static let client: JSON = [
        "id": "front", "secret": .string(Demo.secret), "first_party": true, "scope": .strings(Demo.scope),
        "grant_types": ["implicit", "authorization_code", "refresh_token"],
        "auth": [
            "implicit": ["redirect_uri": .string(Demo.callback), "refresh_token": true],
            "authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": true],
        ],
    ]
    static let codeOnly: JSON = [
        "id": "code-only", "secret": .string(Demo.secret), "first_party": true, "scope": .strings(Demo.scope),
        "grant_types": ["authorization_code"], "redirect_uri": .string(Demo.callback),
    ]

    static func server(_ client: JSON = client) async throws -> TestServer {
        try await Demo.server(Plugins.discouraged, clients: [client, codeOnly])
    }

    static func request(_ type: String, _ changes: [(String, String?)] = []) -> [(String, String)] {
        let isCode = type.split(separator: " ").contains("code")
        let challenge: [(String, String?)] =
            isCode ? [] : [("code_challenge", nil), ("code_challenge_method", nil)]
        return Demo.request([("client_id", "front"), ("response_type", type)] + challenge + changes)
    }

    static func landed(
        _ server: TestServer, _ type: String, _ changes: [(String, String?)] = [], in browser: Browser? = nil
    ) async -> Answer {
        let browser = browser ?? Browser(server)
        let page = await browser.authorize(request(type, changes))
        return page.heading == "Sign in" ? await browser.signIn(page) : page
    }

    static func half(_ text: String, _ server: TestServer, _ token: String) -> String? {
        guard let algorithm = server.keys.verify(token, type: "JWT")?.header["alg"]?.string else { return nil }
        return SystemCryptography().leftHalf(text, algorithm: algorithm)
    }
}

@Suite("Implicit grant (RFC 6749 section 4.2)", .timeLimit(.minutes(10)))
struct ImplicitTests {
    @Test(
        "the token is in the fragment, with its type, lifetime and 'state', and never with a refresh token",
        .clause("RFC 6749 section 4.2.2"))
    func token() async throws {
        let server = try await Front.server()
        let landed = await Front.landed(server, "token", [("scope", "profile read offline_access")])
        #expect(landed.landing == Demo.callback && landed.query.isEmpty && landed.header("cache-control") == "no-store")
        let members = landed.fragment
        let names = ["access_token", "token_type", "expires_in", "state", "iss"]
        #expect(Set(members.keys) == Set(names))
        #expect(members["token_type"] == "Bearer" && members["state"] == "s-1" && members["expires_in"] == "900")
        let token = try await server.core.tokens.resolve(members["access_token"] ?? "")
        #expect(token?.authorization.origin == "implicit" && token?.authorization.subject == .user("ann"))
        #expect(token?.clientID == "front")
    }

    @Test("the token may be posted as a form and is never in the query", .clause("RFC 6749 section 4.2.2"))
    func modes() async throws {
        let server = try await Front.server()
        let posted = await Front.landed(server, "token", [("response_mode", "form_post")])
        #expect(posted.formAction == Demo.callback && posted.hidden.contains { $0.0 == "access_token" })
        let query = await Front.landed(server, "token", [("response_mode", "query")])
        #expect(query.fragment["error"] == "invalid_request" && query.query.isEmpty)
    }

    @Test(
        "a client without the grant, or without a registered redirect URI, gets no token",
        .clause("RFC 6749 section 4.2.2.1"))
    func refused() async throws {
        let server = try await Front.server()
        let other = await Front.landed(server, "token", [("client_id", "code-only")])
        #expect(other.fragment["error"] == "unauthorized_client" && other.fragment["access_token"] == nil)
        let elsewhere = await Front.landed(server, "token", [("redirect_uri", "https://evil.example/cb")])
        #expect(elsewhere.status == 400 && elsewhere.landing == nil)
        let endpoint = await server.post("/auth/token", [("grant_type", "implicit")], as: ("front", Demo.secret))
        #expect(endpoint.error == "unsupported_grant_type")
    }

    @Test("a redirect URI that is registered for codes only gets no token", .clause("RFC 9700 section 4.1.3"))
    func perGrant() async throws {
        var client = Front.client
        client["auth"] = [
            "implicit": ["redirect_uri": "https://app.example.com/token"],
            "authorization_code": ["redirect_uri": .string(Demo.callback)],
        ]
        let server = try await Front.server(client)
        for type in ["token", "code token"] {
            let answer = await Front.landed(server, type)
            #expect(answer.status == 400 && answer.landing == nil, "\(type)")
        }
        #expect(await Front.landed(server, "code").query["code"] != nil)
    }

    @Test("without the plugin, the implicit grant is not served")
    func unloaded() async throws {
        let server = try await Demo.server(clients: [Front.codeOnly])
        for type in ["token", "id_token", "code id_token", "token id_token"] {
            let answer = await Front.landed(server, type, [("client_id", "code-only")])
            let error = answer.query["error"] ?? answer.fragment["error"]
            #expect(error == "unsupported_response_type", "\(type)")
        }
        let metadata = await server.send("GET", "/.well-known/openid-configuration").json
        #expect(metadata["response_types_supported"] == ["code"])
        #expect(metadata["grant_types_supported"]?.strings.contains("implicit") == false)
    }
}

@Suite(
    "ID tokens from the authorization endpoint (OpenID Connect Core sections 3.2, 3.3)", .timeLimit(.minutes(10)))
struct HybridTests {
    static let types = ["id_token", "token id_token", "code id_token", "code token", "code id_token token"]

    @Test("each response type returns what it names in the fragment, in any order of its values", arguments: types)
    func members(_ type: String) async throws {
        let server = try await Front.server()
        let browser = Browser(server)
        let words = type.split(separator: " ").map(String.init)
        for order in [words, words.reversed()] {
            let landed = await Front.landed(server, order.joined(separator: " "), in: browser)
            #expect(landed.landing == Demo.callback && landed.query.isEmpty, "\(landed.html)")
            let members = landed.fragment
            #expect((members["code"] != nil) == words.contains("code"))
            #expect((members["id_token"] != nil) == words.contains("id_token"))
            #expect((members["access_token"] != nil) == words.contains("token"))
            #expect(members["refresh_token"] == nil && members["iss"] == "https://id.example.com")
        }
    }

    @Test(
        "the ID token contains the nonce, and the hashes of the code and token beside it",
        .clause("OpenID Connect Core section 3.3.2.11"), arguments: types.filter { $0.contains("id_token") })
    func hashes(_ type: String) async throws {
        let server = try await Front.server()
        let members = await Front.landed(server, type).fragment
        let token = members["id_token"] ?? ""
        let claims = try #require(server.keys.verify(token, type: "JWT")).claims
        #expect(claims["nonce"] == "n-1" && claims["aud"] == "front" && claims["sub"] == "ann")
        #expect(claims["c_hash"]?.string == members["code"].flatMap { Front.half($0, server, token) })
        #expect(claims["at_hash"]?.string == members["access_token"].flatMap { Front.half($0, server, token) })
        guard let code = members["code"] else { return }
        let tokens = await server.redeem(code, as: ("front", Demo.secret))
        let later = try #require(server.keys.verify(tokens["id_token"] ?? "", type: "JWT")).claims
        for name in ["iss", "sub", "aud", "nonce", "sid", "auth_time"] {
            #expect(later[name] == claims[name], "\(name)")
        }
        #expect(tokens["access_token"] != members["access_token"])
    }

    @Test("everything issued in one response is revoked together")
    func oneGrant() async throws {
        let server = try await Front.server()
        let members = await Front.landed(server, "code token").fragment
        let code = members["code"] ?? ""
        let tokens = await server.redeem(code, as: ("front", Demo.secret))
        let values = [members["access_token"] ?? "", tokens["access_token"] ?? ""]
        for value in values { #expect(try await server.core.tokens.resolve(value) != nil) }
        _ = await server.redeem(code, as: ("front", Demo.secret))
        for value in values { #expect(try await server.core.tokens.resolve(value) == nil, "a replay ends all of it") }
    }

    @Test(
        "an ID token requires its parameters, and combinations that are not allowed are refused",
        arguments: [
            ("a nonce is missing", "id_token", [("nonce", nil)], "invalid_request"),
            ("a nonce is missing in a hybrid request", "code id_token", [("nonce", nil)], "invalid_request"),
            ("the scope is not 'openid'", "token id_token", [("scope", "profile")], "invalid_request"),
            ("no scope at all", "id_token", [("scope", nil)], "invalid_request"),
            ("a challenge is missing", "code token", [("code_challenge", nil)], "invalid_request"),
            ("an answer in the query", "code id_token", [("response_mode", "query")], "invalid_request"),
            ("a word that is not served", "code device", [], "unsupported_response_type"),
            (
                "a client without the implicit grant", "code id_token", [("client_id", "code-only")],
                "unauthorized_client"
            ),
        ] as [(String, String, [(String, String?)], String)])
    func refusals(_ rule: String, _ type: String, _ changes: [(String, String?)], _ error: String) async throws {
        let server = try await Front.server()
        let answer = await Front.landed(server, type, changes)
        let members = answer.fragment.isEmpty ? answer.query : answer.fragment
        #expect(members["error"] == error && members["id_token"] == nil && members["code"] == nil, "\(rule)")
    }

    @Test(
        "without an access token the ID token contains the claims that the scope allows",
        .clause("OpenID Connect Core section 5.4"))
    func claims() async throws {
        let server = try await Front.server()
        let browser = Browser(server)
        func claims(_ type: String) async -> JSON? {
            let landed = await Front.landed(server, type, [("scope", "openid email")], in: browser)
            return server.keys.verify(landed.fragment["id_token"] ?? "", type: "JWT")?.claims
        }
        #expect(await claims("id_token")?["email"] == "ann@example.com")
        #expect(await claims("token id_token")?["email"] == nil, "userinfo tells it")
    }

    @Test("the same responses can be posted as forms", arguments: types)
    func posted(_ type: String) async throws {
        let server = try await Front.server()
        let answer = await Front.landed(server, type, [("response_mode", "form_post")])
        #expect(answer.formAction == Demo.callback && answer.query.isEmpty && answer.fragment.isEmpty)
        let names = Set(answer.hidden.map(\.0))
        for word in type.split(separator: " ") {
            #expect(names.contains(word == "token" ? "access_token" : String(word)))
        }
        let silent = await Browser(server).authorize(
            Front.request(type, [("response_mode", "form_post"), ("prompt", "none")]))
        #expect(silent.hidden.contains { $0 == ("error", "login_required") })
    }

    @Test(
        "the metadata lists exactly the response types that the loaded plugins make possible",
        .clause("RFC 8414 section 2"))
    func metadata() async throws {
        let server = try await Front.server()
        let metadata = await server.send("GET", "/.well-known/openid-configuration").json
        let served = [
            "code", "code id_token", "code id_token token", "code token", "id_token", "id_token token", "token",
        ]
        #expect(metadata["response_types_supported"]?.strings == served)
        #expect(metadata["grant_types_supported"]?.strings.contains("implicit") == true)
    }
}
