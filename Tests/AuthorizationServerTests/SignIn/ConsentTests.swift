// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Consent", .timeLimit(.minutes(10)))
struct ConsentTests {
    private func consentPage(
        _ server: TestServer, _ browser: Browser, _ changes: [(String, String?)] = []
    ) async -> Answer {
        await browser.signIn(await browser.authorize(Demo.request(changes)))
    }

    @Test("the page names the client, the signed-in user, the requested scope and the redirect target")
    func page() async throws {
        let server = try await Demo.server()
        let page = await consentPage(server, Browser(server), [("scope", "openid email offline_access read")])
        for text in ["The web application", "Ann Lee", "ann@example.com", "app.example.com", "Recognize you"] {
            #expect(page.html.contains(text), "\(text)")
        }
        #expect(page.ticked == ["email", "offline_access", "read"], "openid cannot be unticked")
    }

    @Test("what the user unticks is not granted, and not asked for again")
    func unticks() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await consentPage(server, browser, [("scope", "openid email read")])
        let landed = await browser.allow(page, ["email"])
        let tokens = await server.redeem(landed.query["code"] ?? "")
        #expect(tokens["scope"] == "openid email")
        let again = await browser.authorize(Demo.request([("scope", "openid email read")]))
        let second = await server.redeem(again.query["code"] ?? "")
        #expect(second["scope"] == "openid email", "the answer is remembered word by word")
        let forced = await browser.authorize(Demo.request([("scope", "openid email read"), ("prompt", "consent")]))
        #expect(forced.ticked == ["email"])
        let third = await server.redeem(await browser.allow(forced, ["read"]).query["code"] ?? "")
        #expect(third["scope"] == "openid read")
    }

    @Test(
        "a scope value that the user unticks is not granted in any other way",
        .clause("OpenID Connect Core section 3.1.2.4"))
    func noOtherWay() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":{"essential":true}},"id_token":{"email":null}}"#
        let page = await consentPage(
            server, browser, [("scope", "openid email offline_access read"), ("claims", claims)])
        let tokens = await server.redeem(await browser.allow(page, ["read"]).query["code"] ?? "")
        #expect(tokens["scope"] == "openid read" && tokens["refresh_token"] == nil)
        #expect(server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims["email"] == nil)
        let info = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(tokens["access_token"] ?? "")")])
        #expect(info.json == ["sub": "ann"])
    }

    @Test("if everything requested was unticked before, the user is asked again")
    func nothingLeft() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.allow(await consentPage(server, browser, [("scope", "email read")]), ["email"])
        let again = await browser.authorize(Demo.request([("scope", "read")]))
        #expect(again.status == 200 && again.html.contains("name=\"decision\"") && again.ticked.isEmpty)
        let silent = await browser.authorize(Demo.request([("scope", "read"), ("prompt", "none")]))
        #expect(silent.query["error"] == "consent_required")
    }

    @Test("a consent ends with a change of the password, and expires after a long time")
    func ends() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.allow(await consentPage(server, browser))
        #expect(await browser.authorize(Demo.request()).query["code"] != nil)
        var ann = Demo.users[0]
        ann["password"] = "another password"
        server.core.install(try await server.generation(Plugins.all, clients: [Demo.web], users: [ann]))
        let page = await browser.signIn(await browser.authorize(Demo.request()), "ann", "another password")
        #expect(page.html.contains("name=\"decision\""))
        #expect(await browser.allow(page).query["code"] != nil)
        server.clock.advance(.seconds(401 * 86400))
        let late = await browser.signIn(await browser.authorize(Demo.request()), "ann", "another password")
        #expect(late.html.contains("name=\"decision\""))
        #expect(await browser.allow(late).query["code"] != nil, "the expired record is replaced")
    }

    @Test("a user who unticks offline access gives no refresh token", .clause("OpenID Connect Core section 11"))
    func away() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let asked = await consentPage(server, browser, [("scope", "openid read offline_access")])
        let without = await server.redeem(await browser.allow(asked, ["read"]).query["code"] ?? "")
        #expect(without["access_token"] != nil && without["refresh_token"] == nil)
        let silent = await browser.authorize(Demo.request([("scope", "openid read offline_access")]))
        #expect(await server.redeem(silent.query["code"] ?? "")["refresh_token"] == nil, "the answer is remembered")
        let never = await browser.authorize(Demo.request([("scope", "openid read")]))
        let tokens = await server.redeem(never.query["code"] ?? "")
        #expect(tokens["refresh_token"] != nil, "where nobody was asked the client's attribute decides")
    }

    @Test("a form cannot allow more than was requested")
    func widens() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await consentPage(server, browser, [("scope", "openid")])
        let landed = await browser.allow(page, ["read", "admin"])
        #expect(await server.redeem(landed.query["code"] ?? "")["scope"] == "openid")
        let more = await browser.authorize(Demo.request([("scope", "openid read")]))
        #expect(more.ticked == ["read"], "what was not on the page is not remembered as allowed")
    }

    @Test("the client learns that the user denied, and nothing is remembered", .clause("RFC 6749 section 4.1.2.1"))
    func denies() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await consentPage(server, browser)
        let landed = await browser.submit(page, [("decision", "deny"), ("scope", "profile")])
        #expect(landed.query["error"] == "access_denied" && landed.query["state"] == "s-1")
        #expect(landed.query["iss"] == "https://id.example.com" && landed.query["code"] == nil)
        #expect(await browser.authorize(Demo.request()).status == 200, "it is asked again")
    }

    @Test("a form that neither allows nor denies allows nothing", arguments: ["", "yes", "ALLOW", "allow "])
    func strange(_ decision: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await consentPage(server, browser)
        let landed = await browser.submit(page, [("decision", decision), ("scope", "profile")])
        #expect(landed.query["code"] == nil)
    }

    @Test("unticking everything means denying")
    func nothing() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await consentPage(server, browser, [("scope", "read")])
        #expect(await browser.allow(page, []).query["error"] == "access_denied")
    }

    @Test("a consent is remembered for the same client, but more scope and other clients need a new one")
    func remembers() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.allow(await consentPage(server, browser))
        #expect(await browser.authorize(Demo.request()).query["code"] != nil)
        #expect(await browser.authorize(Demo.request([("scope", "openid")])).query["code"] != nil)
        #expect(await browser.authorize(Demo.request([("scope", "openid profile email")])).status == 200)
        var other = Demo.web
        other["id"] = "other"
        server.core.install(
            try await server.generation(Plugins.all, clients: [Demo.web, other], users: Demo.users))
        #expect(await browser.authorize(Demo.request([("client_id", "other")])).status == 200)
    }

    @Test("the response names the scope even if none of it is left", .clause("RFC 6749 section 5.1"))
    func toldOfNothing() async throws {
        let server = try await Demo.server()
        let code = await server.code([("scope", "read")]).query["code"] ?? ""
        var narrowed = Demo.house
        narrowed["scope"] = ["openid"]
        server.core.install(try await server.generation(Plugins.all, clients: [narrowed], users: Demo.users))
        let tokens = await server.redeem(code, as: ("house", Demo.secret))
        #expect(tokens.status == 200 && tokens.json["scope"] == "")
    }

    @Test("a consent for one API does not cover another, and the page names the API")
    func audiences() async throws {
        let (one, two) = ("https://one.example.com", "https://two.example.com")
        var client = Demo.web
        client["auth"] = [
            "authorization_code": ["redirect_uri": .string(Demo.callback), "audience": .strings([one, two])]
        ]
        let server = try await Demo.server(clients: [client])
        let browser = Browser(server)
        let page = await consentPage(server, browser, [("audience", one)])
        #expect(page.html.contains(one) && !page.html.contains(two))
        #expect(await browser.allow(page).query["code"] != nil)
        #expect(await browser.authorize(Demo.request([("audience", one)])).query["code"] != nil)
        let other = await browser.authorize(Demo.request([("audience", two)]))
        #expect(other.status == 200 && other.html.contains(two))
        #expect(await browser.allow(other).query["code"] != nil)
        #expect(await browser.authorize(Demo.request()).query["code"] != nil, "both were allowed")
    }

    @Test("a first-party client needs no consent")
    func firstParty() async throws {
        let server = try await Demo.server()
        #expect(await server.code().query["code"] != nil)
    }

    @Test(
        "a public client with a redirect URI that anyone can claim needs consent each time",
        .clause("RFC 8252 section 8.6"), arguments: ["http://127.0.0.1:5000/callback", "com.example.app:/callback"])
    func impersonation(_ uri: String) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let request = Demo.request([("client_id", "native"), ("redirect_uri", uri)])
        for _ in 0..<2 {
            var page = await browser.authorize(request)
            if page.heading == "Sign in" { page = await browser.signIn(page) }
            #expect(page.status == 200 && page.html.contains("name=\"decision\""))
            #expect(await browser.allow(page).query["code"] != nil)
        }
        let silent = await browser.authorize(request + [("prompt", "none")])
        #expect(silent.query["error"] == "login_required", "anybody may claim it, so it is told nothing")
    }

    @Test("a public client on https is known by its redirect URI, and first_party applies to it")
    func publicOnHTTPS() async throws {
        var client = Demo.native
        client["auth"] = ["authorization_code": ["redirect_uri": "https://app.example.com/spa"]]
        let server = try await Demo.server(clients: [client])
        let browser = Browser(server)
        let page = await browser.authorize(
            Demo.request([("client_id", "native"), ("redirect_uri", "https://app.example.com/spa")]))
        #expect(await browser.signIn(page).query["code"] != nil)
    }
}
