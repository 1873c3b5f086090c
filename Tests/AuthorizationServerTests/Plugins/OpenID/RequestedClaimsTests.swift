// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Claims requested by name (OpenID Connect Core section 5.5)", .timeLimit(.minutes(10)))
struct RequestedClaimsTests {
    static let formats = ["opaque", "jwt"]

    private func server(_ format: String = "opaque", clients: [JSON] = [Demo.web, Demo.house]) async throws
        -> TestServer
    {
        try await TestServer(
            clients: clients, users: Demo.users, format: format, passwords: CountingPasswords())
    }

    private func asking(_ claims: String, _ changes: [(String, String?)] = []) -> [(String, String)] {
        Demo.request([("scope", "openid"), ("claims", claims)] + changes)
    }

    /// The claims from userinfo and in the ID token for a code.
    private func told(_ server: TestServer, _ landed: Answer) async -> (info: JSON, token: JSON, tokens: Answer) {
        let tokens = await server.redeem(landed.query["code"] ?? "")
        let info = await BasicOPTests.userinfo(server, tokens["access_token"] ?? "").json
        return (info, server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims ?? .null, tokens)
    }

    @Test(
        "the user is asked about each claim, and an allowed one is returned where it was requested", arguments: formats)
    func asked(_ format: String) async throws {
        let server = try await server(format)
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":{"essential":true},"birthdate":null},"id_token":{"name":null}}"#
        let page = await browser.signIn(await browser.authorize(asking(claims)))
        #expect(Set(page.ticked) == ["claim email", "claim birthdate", "claim name"])
        for text in ["See your email address", "See your date of birth", "See your name"] {
            #expect(page.html.utf8.firstRange(of: text.utf8) != nil, "\(text)")
        }
        let told = await told(server, await browser.allow(page, ["claim email", "claim name"]))
        #expect(told.tokens["scope"] == nil || told.tokens["scope"] == "openid", "no scope word comes of it")
        #expect(told.info == ["sub": "ann", "email": "ann@example.com"])
        #expect(told.token["name"] == "Ann Lee" && told.token["email"] == nil && told.token["birthdate"] == nil)
    }

    @Test("a refresh returns the same claims and no more", arguments: formats)
    func refreshed(_ format: String) async throws {
        let server = try await server(format)
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":null,"phone_number":null}}"#
        let page = await browser.signIn(await browser.authorize(asking(claims)))
        let first = await told(server, await browser.allow(page, ["claim email"]))
        let again = await server.post(
            "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", first.tokens["refresh_token"] ?? "")],
            as: ("web", Demo.secret))
        let info = await BasicOPTests.userinfo(server, again["access_token"] ?? "").json
        #expect(info == ["sub": "ann", "email": "ann@example.com"])
    }

    @Test("consent is remembered claim by claim, and consent to one claim covers no other")
    func remembered() async throws {
        let server = try await server()
        let browser = Browser(server)
        let email = #"{"userinfo":{"email":null}}"#
        _ = await browser.allow(await browser.signIn(await browser.authorize(asking(email))))
        #expect(await browser.authorize(asking(email)).query["code"] != nil, "not asked again")
        #expect(await browser.authorize(asking(email, [("prompt", "none")])).query["code"] != nil)
        let more = #"{"userinfo":{"email":null,"phone_number":null}}"#
        let silent = await browser.authorize(asking(more, [("prompt", "none")]))
        #expect(silent.query["error"] == "consent_required")
        let page = await browser.authorize(asking(more))
        #expect(page.ticked == ["claim email", "claim phone_number"])
        let byWord = await browser.authorize(Demo.request([("scope", "openid email")]))
        #expect(byWord.ticked == ["email"], "the claim is not the scope word")
        let less = await told(server, await browser.allow(page, ["claim phone_number"]))
        #expect(less.info == ["sub": "ann", "phone_number": "+43 1 234567"])
        let later = await told(server, await browser.authorize(asking(more)))
        #expect(later.info == ["sub": "ann", "phone_number": "+43 1 234567"], "it stays unticked")
        let grants = await browser.open("/auth/grants")
        #expect(grants.html.utf8.firstRange(of: "See your phone number".utf8) != nil)
    }

    @Test("a form cannot allow a claim that was not requested")
    func widens() async throws {
        let server = try await server()
        let browser = Browser(server)
        let page = await browser.signIn(await browser.authorize(asking(#"{"userinfo":{"email":null}}"#)))
        let told = await told(server, await browser.allow(page, ["claim email", "claim phone_number", "claim  email"]))
        #expect(told.info == ["sub": "ann", "email": "ann@example.com"])
    }

    @Test("a client gets no claim whose scope value it may not have, however it asks")
    func registration() async throws {
        var client = Demo.web
        client["scope"] = ["openid", "profile", "claim:email"]
        let server = try await server(clients: [client])
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":{"essential":true},"claim email":null,"nickname":null}}"#
        let page = await browser.signIn(await browser.authorize(asking(claims)))
        #expect(page.ticked == ["claim nickname"])
        #expect(await told(server, await browser.allow(page, ["claim email"])).info == ["sub": "ann"])
    }

    @Test("a claim by name is no longer returned once the client loses the scope value", arguments: formats)
    func takenAway(_ format: String) async throws {
        let server = try await server(format)
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":null,"name":null}}"#
        let landed = await browser.allow(await browser.signIn(await browser.authorize(asking(claims))))
        let token = await server.redeem(landed.query["code"] ?? "")["access_token"] ?? ""
        #expect(await BasicOPTests.userinfo(server, token).json["email"] == "ann@example.com")
        var client = Demo.web
        client["scope"] = ["openid", "profile"]
        server.core.install(
            try await server.generation(Plugins.all, clients: [client], users: Demo.users, format: format))
        #expect(await BasicOPTests.userinfo(server, token).json == ["sub": "ann", "name": "Ann Lee"])
    }

    @Test(
        "a claim requested with a value is returned only if it has that value",
        .clause("OpenID Connect Core section 5.5.1"),
        arguments: [
            (#"{"value":"ann@example.com"}"#, true), (#"{"value":"bob@example.com"}"#, false),
            (#"{"values":["x","ann@example.com"]}"#, true), (#"{"values":[]}"#, false), (#"{"value":7}"#, false),
            (#"{"essential":true,"value":"ANN@example.com"}"#, false), (#"{"essential":false}"#, true),
        ])
    func values(_ request: String, _ isTold: Bool) async throws {
        let server = try await server()
        let browser = Browser(server)
        let claims = #"{"id_token":{"email":\#(request)}}"#
        let page = await browser.signIn(await browser.authorize(asking(claims)))
        let told = await told(server, await browser.allow(page))
        #expect(told.token["email"] == (isTold ? "ann@example.com" : nil) && told.info == ["sub": "ann"])
    }

    @Test("only this server can read what is attached to a JWT access token")
    func sealed() async throws {
        let server = try await server("jwt")
        let browser = Browser(server)
        let claims = #"{"userinfo":{"email":null}}"#
        let landed = await browser.allow(await browser.signIn(await browser.authorize(asking(claims))))
        let token = await server.redeem(landed.query["code"] ?? "")["access_token"] ?? ""
        let readable = try #require(server.keys.verify(token, type: "at+jwt")).claims
        #expect(readable.text.utf8.firstRange(of: "email".utf8) == nil)
        let answer = await server.introspect(token, as: "web", Demo.secret)
        #expect(answer.json["active"] == true && answer.json["att"] == nil)
    }
}

@Suite("A client learns nothing about a user who never allowed it anything", .timeLimit(.minutes(10)))
struct SilentRequestTests {
    /// Requests without a page from which a client might learn something about the user at the browser.
    static let probes: [[(String, String)]] = [
        [], [("claims", #"{"id_token":{"sub":{"value":"ann"}}}"#)],
        [("claims", #"{"id_token":{"sub":{"value":"bob"}}}"#)],
        [("claims", #"{"userinfo":{"sub":{"value":"ann"}}}"#)], [("max_age", "0")], [("max_age", "5")],
        [("max_age", "100000")], [("claims", #"{"id_token":{"acr":{"essential":true,"value":"high"}}}"#)],
        [("scope", "openid read")], [("login_hint", "ann")],
    ]

    private func answers(
        _ browser: Browser, _ client: [(String, String?)] = [], _ more: [[(String, String)]] = []
    ) async -> Set<String> {
        var answers: Set<String> = []
        for probe in SilentRequestTests.probes + more {
            let answer = await browser.authorize(
                Demo.request(client + [("prompt", "none")] + probe.map { ($0.0, Optional($0.1)) }))
            answers.insert("\(answer.status) \(answer.header("location") ?? answer.html)")
        }
        return answers
    }

    @Test("no matter who is signed in, since when and how, the response is the same to the last byte")
    func same() async throws {
        let server = try await Demo.server()
        let nobody = await answers(Browser(server))
        #expect(nobody.count == 1 && nobody.first?.utf8.firstRange(of: "error=login_required".utf8) != nil)
        for login in ["ann", "bob"] {
            let browser = Browser(server)
            _ = await browser.signIn(await browser.authorize(Demo.request([("client_id", "house")])), login)
            server.clock.advance(.seconds(60))
            #expect(await answers(browser) == nobody, "\(login)")
        }
    }

    @Test("a client that anyone can impersonate gets the same response even after it was allowed")
    func impersonated() async throws {
        let server = try await Demo.server()
        let redirect = "http://127.0.0.1:5000/callback"
        let native: [(String, String?)] = [("client_id", "native"), ("redirect_uri", redirect)]
        let nobody = await answers(Browser(server), native)
        let browser = Browser(server)
        let page = await browser.signIn(await browser.authorize(Demo.request(native)))
        #expect(await browser.allow(page).query["code"] != nil)
        #expect(await answers(browser, native) == nobody && nobody.count == 1)
    }

    @Test("a client that was allowed something is told what is missing, until the consent is withdrawn")
    func known() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let nobody = await answers(Browser(server))
        let page = await browser.signIn(await browser.authorize(Demo.request([("scope", "openid")])))
        let tokens = await server.redeem(await browser.allow(page).query["code"] ?? "")
        let more = await browser.authorize(Demo.request([("scope", "openid read"), ("prompt", "none")]))
        #expect(more.query["error"] == "consent_required")
        try await server.core.consents.end(user: "ann", client: "web", reason: "test")
        let hint = [[("id_token_hint", tokens["id_token"] ?? "")]]
        #expect(await answers(browser, [], hint) == nobody)
    }
}
