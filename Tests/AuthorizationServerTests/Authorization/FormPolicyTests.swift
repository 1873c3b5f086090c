// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Forms post to this server only, and a separate page leads to the client", .timeLimit(.minutes(10)))
struct FormPolicyTests {
    private static let house = Demo.request([("client_id", "house")])

    private func policy(_ page: Answer) -> String { page.header("content-security-policy") ?? "" }

    @Test(
        """
        a page with an input field posts to this server only, and a page without one lets the client redirect \
        further
        """)
    func pages() async throws {
        let server = try await Demo.server()
        let browser = Browser(server, readsPages: true)
        let signIn = await browser.authorize(Demo.request())
        #expect(policy(signIn).contains("form-action 'self';"))
        let own = await Browser(server, readsPages: true).open("/auth/sessions")
        #expect(own.heading == "Sign in" && policy(own).contains("form-action 'self';"))
        let consent = await browser.signIn(signIn)
        #expect(consent.heading == "Allow access to your account?" && !policy(consent).contains("form-action"))
        let allowed = await browser.allow(consent)
        #expect(allowed.status == 303 && allowed.query["code"] != nil, "the gesture counts for an application's scheme")
        let posted = await browser.authorize(Self.house + [("response_mode", "form_post")])
        #expect(posted.formAction == Demo.callback && !policy(posted).contains("form-action"))
    }

    @Test(
        "after the sign-in, a page continues by itself and has a link; programs are redirected",
        arguments: [nil, "fragment"] as [String?])
    func leadsOn(_ mode: String?) async throws {
        let server = try await Demo.server()
        let browser = Browser(server, readsPages: true)
        let page = await browser.signIn(
            await browser.authorize(Demo.request([("client_id", "house"), ("response_mode", mode)])))
        #expect(page.status == 200 && page.heading == "You are being sent back" && page.header("location") == nil)
        let link = try #require(page.link)
        #expect(link.hasPrefix(Demo.callback + (mode == nil ? "?code=" : "#code=")) && link.contains("state=s-1"))
        #expect(page.header("refresh") == "0;url=\(link)" && page.header("cache-control") == "no-store")
        #expect(page.header("referrer-policy") == "no-referrer" && page.html.contains("app.example.com</bdi>"))
        #expect(browser.cookies[Browser.session] != nil)
        let known = await browser.authorize(Self.house)
        #expect(known.status == 303 && known.query["code"] != nil, "without a form nothing has to lead on")
        #expect(await server.code([("response_mode", mode)]).status == 303)
    }

    @Test("for an application on the device, the page has a link to press")
    func device() async throws {
        let server = try await Demo.server()
        let browser = Browser(server, readsPages: true)
        var client = Demo.native
        client["secret"] = .string(Demo.secret)
        server.core.install(try await server.generation(Plugins.all, clients: [client], users: Demo.users))
        let uri = "com.example.app:/callback"
        let page = await browser.signIn(
            await browser.authorize(Demo.request([("client_id", "native"), ("redirect_uri", uri)])))
        if page.heading == "Allow access to your account?" {
            #expect(await browser.allow(page).header("location")?.hasPrefix("\(uri)?code=") == true)
        } else {
            #expect(page.link?.hasPrefix("\(uri)?code=") == true && page.html.contains("An app on this device"))
        }
    }

    @Test("an error after the sign-in also leads to the client")
    func refused() async throws {
        let server = try await Demo.server()
        let claims = #"{"id_token":{"acr":{"essential":true,"values":["urn:example:high"]}}}"#
        let browser = Browser(server, readsPages: true)
        let page = await browser.signIn(await browser.authorize(Self.house + [("claims", claims)]))
        #expect(page.status == 200 && page.link?.contains("error=unmet_authentication_requirements") == true)
    }

    @Test("the page leads to the client even if the button is pressed twice")
    func twice() async throws {
        let server = try await Demo.server()
        let browser = Browser(server, readsPages: true)
        let page = await browser.authorize(Self.house)
        let before = browser.copy()
        let first = await browser.signIn(page)
        let second = await before.signIn(page)
        #expect(first.link != nil && first.link == second.link && second.status == 200)
    }

    @Test("after signing out, a page leads on, and programs are redirected")
    func logout() async throws {
        let server = try await Leaving.server()
        for readsPages in [true, false] {
            let browser = Browser(server, readsPages: readsPages)
            _ = await browser.signIn(await browser.open("/auth/sessions"))
            let page = await Leaving.logout(
                browser, [("post_logout_redirect_uri", Leaving.goodbye), ("client_id", "shop")])
            #expect(page.heading == "Sign out?")
            let done = await browser.submit(page, [])
            #expect((readsPages ? done.link : done.header("location")) == Leaving.goodbye)
            #expect(done.status == (readsPages ? 200 : 303))
            #expect(browser.cookies[Browser.session] == nil)
        }
    }

    @Test(
        "no policy allows a whole scheme",
        arguments: [
            "http://[::1]:5000/cb", "https://10.0.0.5/cb", "http://127.0.0.1:5000/cb", "com.example.app:/cb",
            "https://app.example.com/cb",
        ])
    func schemes(_ uri: String) async throws {
        var client = Demo.web
        client["auth"] = ["authorization_code": ["redirect_uri": .string(uri)]]
        let server = try await Demo.server(clients: [client])
        let browser = Browser(server, readsPages: true)
        let signIn = await browser.authorize(Demo.request([("redirect_uri", uri)]))
        let posted = await browser.authorize(Demo.request([("redirect_uri", uri), ("response_mode", "form_post")]))
        for page in [signIn, await browser.signIn(signIn), posted] {
            let sources = policy(page).split { $0 == " " || $0 == ";" }
            #expect(page.status == 200 && !sources.contains { $0.last == ":" || $0 == "*" }, "\(policy(page))")
        }
    }
}
