// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// The tests of the public conformance suite, under the names of its modules; each runs with the response in the query
/// and as a form.
@Suite("OpenID Connect Core, Basic OP", .timeLimit(.minutes(10)))
struct BasicOPTests {
    static let modes = ["query", "form_post"]

    @Test("oidcc-server: the whole flow, twice, with two clients", arguments: modes)
    func server(_ mode: String) async throws {
        let server = try await Demo.server()
        let first = try await Self.flow(server, Browser(server), mode)
        let second = try await Self.flow(server, Browser(server), mode, [("client_id", "lax")])
        #expect(first.claims["sub"] == second.claims["sub"] && first.claims["sid"] != second.claims["sid"])
    }

    @Test("oidcc-response-type-missing: an error, never a code", arguments: modes)
    func responseTypeMissing(_ mode: String) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Self.request(mode, [("response_type", nil)]))
        #expect(Self.error(answer, mode) == "invalid_request")
    }

    @Test(
        """
        oidcc-userinfo-get, oidcc-userinfo-post-header, oidcc-userinfo-post-body: three ways to send the access \
        token
        """)
    func userinfoWays() async throws {
        let server = try await Demo.server()
        let token = try await Self.flow(server, Browser(server), "query").tokens["access_token"] ?? ""
        let answers = [
            await Self.userinfo(server, token), await Self.userinfo(server, token, "POST"),
            await server.post("/auth/userinfo", [("access_token", token)]),
            await server.post("/auth/userinfo", [], headers: [("authorization", "bearer \(token)")]),
        ]
        for answer in answers { #expect(answer.status == 200 && answer["sub"] == "ann", "\(answer.html)") }
    }

    @Test(
        "oidcc-ensure-request-without-nonce-succeeds-for-code-flow: and the ID token has no nonce",
        arguments: modes)
    func withoutNonce(_ mode: String) async throws {
        let server = try await Demo.server()
        let flow = try await Self.flow(server, Browser(server), mode, [("nonce", nil)])
        #expect(flow.claims["nonce"] == nil)
    }

    @Test(
        """
        oidcc-scope-profile, oidcc-scope-email, oidcc-scope-address, oidcc-scope-phone, oidcc-scope-all: the claims come \
        from userinfo, of the right kinds
        """,
        arguments: [
            ("profile", ["name", "given_name", "family_name", "preferred_username", "birthdate", "updated_at"]),
            ("email", ["email", "email_verified"]), ("address", ["address"]),
            ("phone", ["phone_number", "phone_number_verified"]),
            (
                "profile email address phone",
                [
                    "name", "given_name", "family_name", "preferred_username", "birthdate", "updated_at", "email",
                    "email_verified", "address", "phone_number", "phone_number_verified",
                ]
            ),
        ])
    func scopes(_ scope: String, _ names: [String]) async throws {
        let server = try await Demo.server()
        let flow = try await Self.flow(server, Browser(server), "query", [("scope", "openid \(scope)")])
        let info = await Self.userinfo(server, flow.tokens["access_token"] ?? "").json
        #expect(Set(info.members.map(\.name)) == Set(names + ["sub"]))
        #expect(info["updated_at"].map { $0.integer != nil } ?? true)
        for name in ["email_verified", "phone_number_verified"] {
            #expect(info[name].map { $0.bool != nil } ?? true)
        }
        #expect(info["address"].map { !$0.members.isEmpty } ?? true)
        #expect(flow.claims["name"] == nil, "the identity token tells no more than who signed in")
    }

    @Test("oidcc-alternate-happy-flow: another order of scope values and parameters, the same result", arguments: modes)
    func alternate(_ mode: String) async throws {
        let server = try await Demo.server()
        let request = Array(Self.request(mode, [("scope", "profile openid")]).reversed())
        let browser = Browser(server)
        let page = await browser.signIn(await browser.authorize(request))
        let flow = try await Self.finish(page, server, mode, request)
        #expect(Set(flow.tokens["scope"]?.split(separator: " ") ?? []) == ["profile", "openid"])
    }

    @Test("oidcc-display-page, oidcc-display-popup: accepted", arguments: ["page", "popup", "touch", "cinema"])
    func display(_ display: String) async throws {
        let server = try await Demo.server()
        _ = try await Self.flow(server, Browser(server), "query", [("display", display)])
    }

    @Test("oidcc-prompt-login: the user signs in again, with a later time", arguments: modes)
    func promptLogin(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = try await Self.flow(server, browser, mode)
        server.clock.advance(.seconds(2))
        let request = Self.request(mode, [("prompt", "login")])
        let page = await browser.authorize(request)
        #expect(page.heading == "Sign in")
        let second = try await Self.finish(await browser.signIn(page), server, mode, request)
        #expect(second.claims["sub"] == first.claims["sub"])
        #expect((second.claims["auth_time"]?.integer ?? 0) > (first.claims["auth_time"]?.integer ?? .max))
    }

    @Test("oidcc-prompt-none-not-logged-in: an error and no page", arguments: modes)
    func promptNoneNotLoggedIn(_ mode: String) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Self.request(mode, [("prompt", "none")]))
        #expect(Self.error(answer, mode) == "login_required")
    }

    @Test("oidcc-prompt-none-logged-in: silent success, with the same sign-in", arguments: modes)
    func promptNoneLoggedIn(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = try await Self.flow(server, browser, mode)
        server.clock.advance(.seconds(60))
        let request = Self.request(mode, [("prompt", "none")])
        let second = try await Self.finish(await browser.authorize(request), server, mode, request)
        for name in ["sub", "auth_time", "sid"] { #expect(second.claims[name] == first.claims[name]) }
    }

    @Test("prompt=none without consent is an error", arguments: modes)
    func promptNoneConsent(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = try await Self.flow(server, browser, mode)
        let answer = await browser.authorize(Self.request(mode, [("prompt", "none"), ("client_id", "web")]))
        #expect(Self.error(answer, mode) == "login_required", "nor does the client learn that somebody is signed in")
    }

    @Test("oidcc-max-age-1: the user signs in again if the last time is too long ago", arguments: modes)
    func maxAge1(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = try await Self.flow(server, browser, mode)
        server.clock.advance(.seconds(2))
        let request = Self.request(mode, [("max_age", "1")])
        let page = await browser.authorize(request)
        #expect(page.heading == "Sign in")
        let second = try await Self.finish(await browser.signIn(page), server, mode, request)
        #expect(second.claims["auth_time"]?.integer == server.clock.now.seconds)
        #expect(second.claims["auth_time"] != first.claims["auth_time"])
    }

    @Test("oidcc-max-age-10000: silent success, with the time of the first sign-in", arguments: modes)
    func maxAge10000(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = try await Self.flow(server, browser, mode, [("max_age", "10000")])
        server.clock.advance(.seconds(100))
        let request = Self.request(mode, [("max_age", "10000")])
        let second = try await Self.finish(await browser.authorize(request), server, mode, request)
        #expect(first.claims["auth_time"] != nil && second.claims["auth_time"] == first.claims["auth_time"])
    }

    @Test("oidcc-ensure-request-with-unknown-parameter-succeeds", arguments: modes)
    func unknownParameter(_ mode: String) async throws {
        let server = try await Demo.server()
        _ = try await Self.flow(server, Browser(server), mode, [("extra", "foobar")])
    }

    @Test("oidcc-id-token-hint: silent success, even with an expired hint", arguments: modes)
    func idTokenHint(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = try await Self.flow(server, browser, mode)
        server.clock.advance(.seconds(7200))
        let hint = first.tokens["id_token"]
        let request = Self.request(mode, [("prompt", "none"), ("id_token_hint", hint)])
        let second = try await Self.finish(await browser.authorize(request), server, mode, request)
        #expect(second.claims["sub"] == first.claims["sub"])
        // The same hint while another user is signed in.
        let other = Browser(server)
        _ = await other.signIn(await other.authorize(Self.request(mode)), "bob")
        #expect(Self.error(await other.authorize(request), mode) == "login_required")
        let asked = Self.request(mode, [("id_token_hint", hint)])
        let wrong = await other.signIn(await other.authorize(asked), "bob")
        #expect(Self.error(wrong, mode) == "login_required", "another person signed in")
    }

    @Test("oidcc-login-hint: the page shows the name, escaped", arguments: ["ann", "\"><script>alert(1)</script>"])
    func loginHint(_ hint: String) async throws {
        let server = try await Demo.server()
        let page = await Browser(server).authorize(Self.request("query", [("login_hint", hint)]))
        #expect(page.heading == "Sign in" && !page.html.contains("<script>"))
        if hint == "ann" { #expect(page.html.contains("value=\"ann\"")) }
    }

    @Test(
        "oidcc-ui-locales, oidcc-claims-locales: unknown languages are not an error",
        arguments: [("ui_locales", "se tlh"), ("claims_locales", "se"), ("ui_locales", "en-GB en")])
    func locales(_ name: String, _ value: String) async throws {
        let server = try await Demo.server()
        _ = try await Self.flow(server, Browser(server), "query", [(name, value)])
    }

    @Test(
        "oidcc-ensure-request-with-acr-values-succeeds: and the ID token names the class that was reached",
        arguments: modes)
    func acrValues(_ mode: String) async throws {
        let plain = try await Demo.server()
        let none = try await Self.flow(plain, Browser(plain), mode, [("acr_values", "1 2")])
        #expect(none.claims["acr"] == nil)
        let plugins = Plugins.all.map { setup in
            setup.type.manifest.id == "password-login" ? PluginSetup(setup.type, ["acr": "urn:example:pwd"]) : setup
        }
        let server = try await Demo.server(plugins)
        let flow = try await Self.flow(server, Browser(server), mode, [("acr_values", "urn:example:pwd")])
        #expect(flow.claims["acr"] == "urn:example:pwd")
        let document = await server.send("GET", "/.well-known/openid-configuration")
        #expect(document.json["acr_values_supported"] == ["urn:example:pwd"])
    }

    @Test("oidcc-codereuse, oidcc-codereuse-30seconds: invalid_grant, and the tokens of the first use are revoked")
    func codeReuse() async throws {
        for wait in [Duration.zero, .seconds(30), .seconds(300)] {
            let server = try await Demo.server()
            let flow = try await Self.flow(server, Browser(server), "query")
            server.clock.advance(wait)
            let again = await server.redeem(flow.landed["code"] ?? "", as: ("house", Demo.secret))
            #expect(again.status == 400 && again.error == "invalid_grant")
            let info = await Self.userinfo(server, flow.tokens["access_token"] ?? "")
            #expect(info.status == 401, "after \(wait)")
        }
    }

    @Test("oidcc-ensure-registered-redirect-uri: a page and no redirect", arguments: modes)
    func registered(_ mode: String) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(
            Self.request(mode, [("redirect_uri", "https://app.example.com/other")]))
        #expect(answer.status == 400 && answer.header("location") == nil && answer.heading == "Unknown return address")
    }

    @Test("oidcc-ensure-post-request-succeeds: the request may come as a form", arguments: modes)
    func post(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let request = Self.request(mode)
        let page = await browser.signIn(await browser.post("/auth/authorize", request))
        _ = try await Self.finish(page, server, mode, request)
        // Signed in, and still without a page: the redirect in between makes the browser send the cookie.
        _ = try await Self.finish(await browser.post("/auth/authorize", request), server, mode, request)
    }

    @Test("oidcc-server-client-secret-post: the client authenticates in the body", arguments: modes)
    func clientSecretPost(_ mode: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.signIn(await browser.authorize(Self.request(mode)))
        let code = Self.parameters(page, mode)["code"] ?? ""
        let tokens = await server.redeem(
            code, [("client_id", "house"), ("client_secret", Demo.secret)], as: nil)
        #expect(tokens.status == 200 && tokens["id_token"] != nil)
    }

    @Test(
        """
        oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported, \
        oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported, \
        oidcc-ensure-request-object-with-redirect-uri: refused by name, never ignored
        """,
        arguments: [
            ("request_uri", "https://app.example.com/request", "request_uri_not_supported"),
            ("request", "eyJhbGciOiJub25lIn0.e30.", "request_not_supported"),
            ("registration", "{}", "registration_not_supported"),
        ])
    func requestObjects(_ name: String, _ value: String, _ error: String) async throws {
        let server = try await Demo.server()
        for mode in Self.modes {
            let answer = await Browser(server).authorize(Self.request(mode, [(name, value)]))
            #expect(Self.error(answer, mode) == error)
        }
        let document = await server.send("GET", "/.well-known/openid-configuration")
        #expect(document.json["request_parameter_supported"] == false)
        #expect(document.json["request_uri_parameter_supported"] == false)
    }

    @Test("oidcc-claims-essential: a claim requested by name is returned where it was requested")
    func claims() async throws {
        let server = try await Demo.server()
        let claims = #"""
            {"userinfo":{"name":{"essential":true},"nothing":null},
             "id_token":{"email":null,"auth_time":{"essential":true}}}
            """#
        let flow = try await Self.flow(
            server, Browser(server), "query", [("scope", "openid profile email"), ("claims", claims)])
        let info = await Self.userinfo(server, flow.tokens["access_token"] ?? "").json
        #expect(info["name"] == "Ann Lee" && info["nothing"] == nil)
        #expect(flow.claims["email"] == "ann@example.com" && flow.claims["name"] == nil)
        // By name only: just that claim, and only in the place where it was requested.
        let byName = try await Self.flow(server, Browser(server), "query", [("scope", "openid"), ("claims", claims)])
        let told = await Self.userinfo(server, byName.tokens["access_token"] ?? "").json
        #expect(told == ["sub": "ann", "name": "Ann Lee"])
        #expect(byName.claims["email"] == "ann@example.com" && byName.claims["name"] == nil)
        let subject = #"{"id_token":{"sub":{"value":"bob"}}}"#
        let browser = Browser(server)
        _ = try await Self.flow(server, browser, "query")
        let other = await browser.authorize(Self.request("query", [("claims", subject), ("prompt", "none")]))
        #expect(other.query["error"] == "login_required")
    }

    @Test(
        "oidcc-refresh-token: bound to its client, and the new ID token keeps user and time and has no nonce")
    func refresh() async throws {
        var client = Demo.house
        client["auth"] = [
            "authorization_code": ["redirect_uri": .string(Demo.callback), "refresh_token": true]
        ]
        var other = client
        other["id"] = "other"
        let server = try await Demo.server(clients: [client, other])
        let flow = try await Self.flow(server, Browser(server), "query")
        let token = try #require(flow.tokens["refresh_token"])
        #expect(token.utf8.allSatisfy { 0x21...0x7E ~= $0 })
        server.clock.advance(.seconds(100))
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)]
        #expect(await server.post("/auth/token", form, as: ("other", Demo.secret)).error == "invalid_grant")
        let tokens = await server.post("/auth/token", form, as: ("house", Demo.secret))
        #expect(tokens.status == 200 && tokens["scope"] == "openid profile", "\(tokens.html)")
        let claims = try Self.identity(tokens, server, "house")
        for name in ["iss", "sub", "aud", "auth_time", "sid"] { #expect(claims[name] == flow.claims[name]) }
        #expect(claims["nonce"] == nil && claims["iat"] != flow.claims["iat"])
        let narrow = await server.post(
            "/auth/token",
            [("grant_type", "refresh_token"), ("refresh_token", tokens["refresh_token"] ?? ""), ("scope", "profile")],
            as: ("house", Demo.secret))
        #expect(narrow.status == 200 && narrow["id_token"] == nil, "no identity token without the scope for it")
    }

    @Test("oidcc-ensure-request-with-valid-pkce-succeeds", arguments: modes)
    func pkce(_ mode: String) async throws {
        let server = try await Demo.server()
        let flow = try await Self.flow(server, Browser(server), mode)
        #expect(flow.tokens.status == 200)
    }

    @Test(
        "oidcc-idtoken-signature, oidcc-idtoken-unsigned: the ID token verifies with a published key of its algorithm"
    )
    func signature() async throws {
        let plugins = Plugins.all.map { setup in
            setup.type.manifest.id == "openid" ? PluginSetup(setup.type) : setup
        }
        var other = Demo.house
        other["id"] = "other"
        other["id_token_signed_response_alg"] = "ES256"
        let server = try await Demo.server(plugins, clients: [Demo.house, other])
        let published = await server.send("GET", "/.well-known/jwks.json").json["keys"]?.elements ?? []
        for (client, algorithm) in [("house", "RS256"), ("other", "ES256")] {
            let flow = try await Self.flow(server, Browser(server), "query", [("client_id", client)])
            let jwt = try #require(server.keys.verify(flow.tokens["id_token"] ?? "", type: "JWT"))
            #expect(jwt.header["alg"]?.string == algorithm)
            let key = try #require(published.first { $0["kid"] == jwt.header["kid"] })
            #expect(key["alg"] == jwt.header["alg"] && key["use"] == "sig")
        }
        let document = await server.send("GET", "/.well-known/openid-configuration")
        #expect(document.json["id_token_signing_alg_values_supported"] == ["RS256", "ES256"])
    }
}
