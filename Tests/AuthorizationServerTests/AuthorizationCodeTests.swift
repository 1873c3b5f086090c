// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Authorization code grant (RFC 6749 section 4.1)", .timeLimit(.minutes(1)))
struct AuthorizationCodeTests {
    @Test("a person signs in and consents, and the client gets tokens and learns who it was")
    func wholeFlow() async throws {
        let server = try await People.server()
        let browser = Browser(server)
        let signIn = await browser.authorize(People.request())
        #expect(signIn.status == 200 && signIn.heading == "Sign in", "\(signIn.html)")
        let consent = await browser.signIn(signIn)
        #expect(consent.html.contains("The web application") && consent.html.contains("Ann Lee"))
        let landed = await browser.allow(consent)
        #expect(landed.status == 303 && landed.landing == People.callback)
        #expect(landed.query["state"] == "s-1" && landed.query["iss"] == "https://id.example.com")
        let tokens = await server.redeem(landed.query["code"] ?? "")
        #expect(tokens.status == 200, "\(tokens.html)")
        #expect(tokens["scope"] == "openid profile" && tokens["refresh_token"] != nil && tokens["id_token"] != nil)
        let info = await server.send(
            "GET", "/auth/userinfo", headers: [("authorization", "Bearer \(tokens["access_token"] ?? "")")])
        #expect(info["sub"] == "ann" && info["given_name"] == "Ann" && info["email"] == nil, "\(info.html)")
    }

    @Test("looking at a page writes nothing, approving is one commit and redeeming is one")
    func commits() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst()
        let server = try await People.server(plugins)
        let store = try #require(server.core.store as? CountingStore)
        let browser = Browser(server)
        var before = store.writes
        func commits() -> Int {
            defer { before = store.writes }
            return store.writes - before
        }
        let page = await browser.authorize(People.request())
        #expect(commits() == 0, "an anonymous request writes nothing")
        let consent = await browser.signIn(page)
        #expect(commits() == 1, "the session begins")
        let landed = await browser.allow(consent)
        #expect(commits() == 1, "consent and code")
        #expect(await server.redeem(landed.query["code"] ?? "").status == 200)
        #expect(commits() == 1, "the code is redeemed with all that comes of it")
        let again = await browser.authorize(People.request())
        #expect(again.status == 303 && commits() == 1, "nothing has to be asked again")
        let house = await server.code(in: Browser(server))
        #expect(house.status == 303 && commits() == 1, "where nothing is asked after signing in, all is one commit")
    }
}
