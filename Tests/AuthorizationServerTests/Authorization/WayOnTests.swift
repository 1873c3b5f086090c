// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("A page that cannot be used offers a way to continue", .timeLimit(.minutes(10)))
struct WayOnTests {
    private static let request = Demo.request([("login_hint", "a-secret-hint@example.com")])

    private func leadsOn(_ page: Answer, _ browser: Browser, to heading: String = "Sign in") async {
        #expect(page.status == 400 && page.html.contains(">Start again</a>"), "\(page.html)")
        #expect(page.link?.hasPrefix("/auth/") == true && !page.html.contains("a-secret-hint"))
        #expect(await browser.open(page.link ?? "").heading == heading)
    }

    @Test("a page without its cookie, an expired or a used one, and the form of another page start again")
    func interaction() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Self.request)
        let state = page.hidden.first { $0.0 == "state" }?.1 ?? ""
        let lost = Browser(server)
        await leadsOn(await lost.signIn(page), lost)
        let other = Browser(server)
        await leadsOn(await other.open("/auth/interaction?state=\(state)"), other)
        let fields = page.hidden.filter { $0.0 != "csrf" }
        await leadsOn(await browser.post("/auth/interaction", fields), browser)
        #expect(await browser.allow(await browser.signIn(page)).query["code"] != nil)
        let used = await browser.open("/auth/interaction?state=\(state)")
        #expect(used.heading == "This page has expired")
        let again = await browser.open(used.link ?? "")
        #expect(again.query["code"] != nil && again.query["state"] == "s-1", "it is the client's own request")
        server.clock.advance(.seconds(3600))
        let fresh = Browser(server)
        await leadsOn(await fresh.open("/auth/interaction?state=\(state)"), fresh)
        await leadsOn(await browser.open("/auth/interaction?state=\(state)"), fresh)
    }

    @Test("an expired page that is submitted again signs in and leads to the application")
    func sentAgain() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        #expect(await browser.allow(await browser.signIn(page)).query["code"] != nil)
        server.clock.advance(.seconds(600))
        let again = await browser.signIn(page)
        #expect(again.landing == Demo.callback && again.query["code"] != nil)
        browser.forget(Browser.session)
        let wrong = await browser.signIn(page, "ann", "wrong")
        #expect(wrong.heading == "Sign in" && wrong.query["code"] == nil, "what is typed still counts")
    }

    @Test("a request that starts again is checked like any other, and starts nothing else")
    func checked() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        let lost = await Browser(server).signIn(page)
        let link = try #require(lost.link)
        for changed in [link + "A", link + "&redirect_uri=https://evil.example", String(link.dropLast(3))] {
            let answer = await browser.open(changed)
            #expect(answer.status == 400 && answer.header("location") == nil, "\(changed)")
        }
        server.core.install(try await server.generation(Plugins.all, clients: [], users: Demo.users))
        #expect(await browser.open(link).heading == "Unknown application")
    }

    @Test("the server's own pages do so too")
    func ownPages() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.open("/auth/sessions")
        let lost = Browser(server)
        await leadsOn(await lost.signIn(page), lost)
        await leadsOn(
            await browser.post("/auth/sessions", page.hidden.filter { $0.0 != "csrf" }), browser)
        server.clock.advance(.seconds(3600))
        await leadsOn(await browser.signIn(page), browser)
        let signedIn = await browser.signIn(await browser.open("/auth/sessions"))
        #expect(signedIn.heading == "Where you are signed in")
        let forged = await browser.post("/auth/sessions", [("session", "x")])
        await leadsOn(forged, browser, to: "Where you are signed in")
    }
}
