// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

/// The logout tests of the public conformance suite, under the names of its modules.
@Suite("OpenID Connect RP-Initiated Logout", .timeLimit(.minutes(10)))
struct LogoutTests {
    @Test(
        "oidcc-rp-initiated-logout-discovery-endpoint-verification: the metadata contains the endpoint, with https",
        .clause("OpenID Connect RP-Initiated Logout 1.0 section 2.1"))
    func discovery() async throws {
        let server = try await Leaving.server()
        let metadata = await server.send("GET", "/.well-known/openid-configuration")
        #expect(metadata["end_session_endpoint"] == "https://id.example.com/auth/logout")
        #expect(metadata.json["end_session_endpoint_auth_methods_supported"] == nil)
    }

    @Test(
        "oidcc-rp-initiated-logout: the user is signed out and sent back to the client with its state",
        .clause("OpenID Connect RP-Initiated Logout 1.0 section 2"), arguments: ["GET", "POST"])
    func logout(_ method: String) async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        let sent = [
            ("id_token_hint", flow.tokens["id_token"] ?? ""), ("post_logout_redirect_uri", Leaving.goodbye),
            ("state", "s&1 ä"),
        ]
        let answer =
            method == "GET" ? await Leaving.logout(browser, sent) : await browser.post("/auth/logout", sent)
        #expect(answer.status == 303 && answer.landing == Leaving.goodbye && answer.query == ["state": "s&1 ä"])
        #expect(browser.cookies[Browser.session] == nil)
        #expect(await Leaving.isOver(browser))
        #expect(await !Leaving.isActive(flow.tokens["access_token"], "shop", server))
        let refreshed = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", flow.tokens["refresh_token"] ?? "")],
            as: ("shop", Demo.secret))
        #expect(refreshed.error == "invalid_grant" || flow.tokens["refresh_token"] == nil)
    }

    @Test(
        """
        oidcc-rp-initiated-logout-bad-post-logout-redirect-uri, \
        oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri: no redirect to a URI that is not \
        registered byte for byte, and the user is signed out all the same
        """,
        .clause("OpenID Connect RP-Initiated Logout 1.0 section 3"),
        arguments: [
            "https://app.example.com/elsewhere", "\(Leaving.goodbye)?foo=bar", "\(Leaving.goodbye)/",
            "https://APP.example.com/goodbye", "https://app.example.com/bye", "\(Leaving.goodbye)#x",
            "javascript:alert(1)",
            "https://app.example.com/goodbye\r\nx: y", Demo.callback,
        ])
    func unregistered(_ address: String) async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        let answer = await Leaving.logout(
            browser, [("id_token_hint", flow.tokens["id_token"]), ("post_logout_redirect_uri", address)])
        #expect(answer.status == 200 && answer.header("location") == nil && answer.heading == "You are signed out")
        #expect(!answer.html.contains("id=\"continue\"") && !answer.html.contains("elsewhere"))
        #expect(await Leaving.isOver(browser))
        #expect(await !Leaving.isActive(flow.tokens["access_token"], "shop", server))
    }

    @Test(
        "without a hint the user is asked, whatever the URI is, and is not redirected to one that is not registered",
        .clause("OpenID Connect RP-Initiated Logout 1.0 section 3"),
        arguments: [
            [("post_logout_redirect_uri", "https://evil.example/")],
            [("client_id", "shop"), ("post_logout_redirect_uri", "https://evil.example/")],
            [("client_id", "nobody"), ("post_logout_redirect_uri", Leaving.goodbye)],
            [("client_id", "shop"), ("post_logout_redirect_uri", "")],
            [("client_id", ""), ("post_logout_redirect_uri", Leaving.goodbye)],
        ])
    func unregisteredWithoutHint(_ sent: [(String, String)]) async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let page = await Leaving.logout(browser, sent.map { ($0.0, $0.1) })
        #expect(page.status == 200 && page.heading == "Sign out?")
        #expect(await !Leaving.isOver(browser), "a link signs nobody out")
        let done = await browser.submit(page, [])
        #expect(done.status == 200 && done.heading == "You are signed out" && !done.html.contains("evil"))
        #expect(await Leaving.isOver(browser))
        let again = await Leaving.logout(browser, sent.map { ($0.0, $0.1) })
        #expect(again.status == 200 && again.heading == "You are signed out" && again.header("location") == nil)
    }

    @Test("the confirmation page and the page after it are in the language that the client requests")
    func language() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let page = await Leaving.logout(browser, [("ui_locales", "fr-CA de en")])
        #expect(page.heading == "Abmelden?")
        #expect(await browser.submit(page, []).html.contains("lang=\"de\""))
    }

    @Test(
        """
        oidcc-rp-initiated-logout-modified-id-token-hint, oidcc-rp-initiated-logout-bad-id-token-hint: a hint that \
        this server did not sign causes no redirect, even after the user has confirmed
        """,
        arguments: ["unsigned", "foreign", "cut", "of another kind"])
    func badHint(_ kind: String) async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        let parts = (flow.tokens["id_token"] ?? "").split(separator: ".").map(String.init)
        let other = try await Leaving.server()
        let foreign = try await Leaving.use("shop", other, Browser(other)).tokens["id_token"] ?? ""
        let hint =
            switch kind {
            case "unsigned": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.\(parts[1])."
            case "foreign": foreign
            case "cut": parts[0] + "." + parts[1]
            default: try await server.keys.sign(["iss": "https://id.example.com"], type: "at+jwt", algorithm: "ES256")
            }
        let page = await Leaving.logout(
            browser,
            [("id_token_hint", hint), ("client_id", "shop"), ("post_logout_redirect_uri", Leaving.goodbye)])
        #expect(page.status == 200 && page.heading == "Sign out?")
        #expect(await !Leaving.isOver(browser), "nothing has ended yet")
        let done = await browser.submit(page, [])
        #expect(done.status == 200 && done.heading == "You are signed out" && !done.html.contains("goodbye"))
        #expect(await Leaving.isOver(browser))
    }

    @Test("oidcc-rp-initiated-logout-no-id-token-hint: the user is asked, and then sent where the client said")
    func noHint() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let target = [("post_logout_redirect_uri", Leaving.goodbye), ("state", "s-9")]
        let nobody = await Leaving.logout(browser, target)
        #expect(nobody.heading == "Sign out?", "no client is named whose address it could be")
        #expect(await !Leaving.isOver(browser))
        let page = await Leaving.logout(browser, target + [("client_id", "shop")])
        #expect(page.heading == "Sign out?" && page.html.contains("The shop") && page.html.contains("Ann Lee"))
        #expect(page.header("content-security-policy")?.contains("form-action 'self' https://app.example.com;") == true)
        let done = await browser.submit(page, [])
        #expect(done.landing == Leaving.goodbye && done.query["state"] == "s-9")
    }

    @Test(
        """
        oidcc-rp-initiated-logout-no-params, oidcc-rp-initiated-logout-only-state: the user is asked, signed out and \
        told so
        """,
        arguments: [nil, "s-1"] as [String?])
    func noParameters(_ state: String?) async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let page = await Leaving.logout(browser, [("state", state)])
        #expect(page.heading == "Sign out?")
        let done = await browser.submit(page, [])
        #expect(done.heading == "You are signed out" && !done.html.contains("s-1"))
        #expect(await Leaving.isOver(browser))
        #expect(await Leaving.logout(browser, []).heading == "You are signed out", "there is nothing to ask")
    }

    @Test("oidcc-rp-initiated-logout-no-post-logout-redirect-uri: the user is signed out and told so")
    func noTarget() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        let done = await Leaving.logout(browser, [("id_token_hint", flow.tokens["id_token"]), ("state", "s-1")])
        #expect(done.status == 200 && done.heading == "You are signed out")
        #expect(await Leaving.isOver(browser))
    }

    @Test("oidcc-rp-initiated-logout-no-state: the redirect has no state, and a registered query is kept")
    func noState() async throws {
        let server = try await Leaving.server()
        for (address, query) in [(Leaving.goodbye, [:]), (Leaving.withQuery, ["from": "us"])] {
            let browser = Browser(server)
            let flow = try await Leaving.use("shop", server, browser)
            let done = await Leaving.logout(
                browser, [("id_token_hint", flow.tokens["id_token"]), ("post_logout_redirect_uri", address)])
            #expect(done.status == 303 && done.query == query)
        }
    }

    @Test(
        "a browser may be redirected to a native app, a port of the same machine or an IP address",
        arguments: [
            "com.example.app:/bye", "http://127.0.0.1:8000/bye", "http://[::1]/bye", "https://app.example.com",
            "https://app.example.com?x=1",
        ])
    func targets(_ address: String) async throws {
        let server = try await TestServer(
            clients: [Leaving.client("shop", [("post_logout_redirect_uris", [.string(address)])])], users: Demo.users,
            passwords: CountingPasswords())
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let page = await Leaving.logout(browser, [("client_id", "shop"), ("post_logout_redirect_uri", address)])
        #expect(page.status == 200 && page.heading == "Sign out?")
        #expect(await browser.submit(page, []).header("location") == address)
    }

    @Test("an expired hint is accepted like a fresh one")
    func expired() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        server.clock.advance(.seconds(4 * 3600))
        let done = await Leaving.logout(
            browser,
            [("id_token_hint", flow.tokens["id_token"]), ("post_logout_redirect_uri", Leaving.goodbye)])
        #expect(done.landing == Leaving.goodbye)
        #expect(await Leaving.isOver(browser))
    }

    @Test("a hint for another user or another session ends nothing without confirmation")
    func others() async throws {
        let server = try await Leaving.server()
        let ann = Browser(server)
        let elsewhere = Browser(server)
        let flow = try await Leaving.use("shop", server, ann)
        let second = try await Leaving.use("shop", server, elsewhere)
        let bob = Browser(server)
        let page = await bob.authorize(BasicOPTests.request("query", [("client_id", "shop")]))
        _ = await bob.signIn(page, "bob@example.com")
        for browser in [bob, elsewhere] {
            let asked = await Leaving.logout(browser, [("id_token_hint", flow.tokens["id_token"])])
            #expect(asked.heading == "Sign out?")
            #expect(await !Leaving.isOver(browser))
        }
        #expect(await Leaving.isActive(second.tokens["access_token"], "shop", server))
        let mixed = await Leaving.logout(
            ann, [("id_token_hint", flow.tokens["id_token"]), ("client_id", "library")])
        #expect(mixed.heading == "Sign out?", "the token was issued to another client")
        #expect(await !Leaving.isOver(ann))
    }

    @Test("a form on another site signs nobody out: the user is asked first, on a page that works in one browser only")
    func forged() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let asked = await browser.post("/auth/logout", [("asked", "made-up"), ("csrf", "made-up")])
        #expect(asked.heading == "Sign out?")
        let stranger = Browser(server)
        _ = try await Leaving.use("shop", server, stranger)
        let refused = await stranger.post("/auth/logout", asked.hidden)
        #expect(refused.heading == "Sign out?")
        #expect(await !Leaving.isOver(stranger))
        #expect(await !Leaving.isOver(browser))
    }

    @Test("a page shown to one user does not sign out the next one")
    func changed() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        _ = try await Leaving.use("shop", server, browser)
        let page = await Leaving.logout(browser, [])
        let signIn = await browser.authorize(
            BasicOPTests.request("query", [("client_id", "shop"), ("prompt", "login")]))
        _ = await browser.signIn(signIn, "bob@example.com")
        let again = await browser.submit(page, [])
        #expect(again.heading == "Sign out?" && again.html.contains("bob@example.com"))
        #expect(await !Leaving.isOver(browser))
    }

    @Test(
        "an invalid logout URL of a client prevents the start",
        arguments: [
            ("backchannel_logout_uri", "http://shop.example.com/logout"), ("backchannel_logout_uri", "/logout"),
            ("frontchannel_logout_uri", "https://shop.example.com/#x"),
            ("post_logout_redirect_uris", "javascript:alert(1)"), ("post_logout_redirect_uris", "https://a b/"),
            ("post_logout_redirect_uris", "goodbye"), ("post_logout_redirect_uris", "mailto:ann@example.com"),
            ("post_logout_redirect_uris", "https://app.example.com:0/"),
            ("post_logout_redirect_uris", "https://app.example.com:70000/"),
            ("post_logout_redirect_uris", "https://app.example.com/a/../b"),
            ("post_logout_redirect_uris", "https://user@app.example.com/"),
            ("post_logout_redirect_uris", "https://app.example.com\\@other.example/"),
            ("post_logout_redirect_uris", "https:app.example.com/"),
        ] as [(String, String)])
    func addresses(_ name: String, _ address: String) async throws {
        await #expect(throws: ConfigurationError.self) {
            _ = try await TestServer(clients: [Leaving.client("bad", [(name, .string(address))])], users: Demo.users)
        }
    }
}
