// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("The issuer's address shows a page, and no page is a dead end", .timeLimit(.minutes(10)))
struct LandingTests {
    @Test("the start page links to the user's pages and shows who is signed in")
    func landing() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let page = await browser.open("/")
        #expect(page.status == 200 && page.heading == "Your account" && !page.html.contains("Signed in as"))
        let links = page.html.matches(of: /<a class="button" href="([^"]*)">([^<]*)</).map {
            (String($0.1), String($0.2))
        }
        #expect(links.map(\.0) == ["/auth/password", "/auth/sessions", "/auth/grants"])
        #expect(
            links.map(\.1) == [
                "Change your password", "Where you are signed in", "Applications with access to your account",
            ])
        _ = try await Leaving.use("shop", server, browser)
        let own = await browser.open("/")
        #expect(own.html.contains("Signed in as") && own.html.contains("Ann"))
        #expect(own.html.contains("href=\"/auth/logout\">Sign out"))
        #expect(own.header("cache-control") == "no-store")
    }

    @Test("an unknown path gets a page in a browser and JSON in a program")
    func notFound() async throws {
        let server = try await Leaving.server()
        let page = await Browser(server, readsPages: true).open("/nothing/here")
        #expect(page.status == 404 && page.heading == "There is nothing here" && page.link == "/")
        let answer = await Browser(server).open("/nothing/here")
        #expect(answer.status == 404 && answer.json["error"] == "not_found")
    }

    @Test("the icon is served where browsers look for it, and runs no script if it is opened on its own")
    func icon() async throws {
        let server = try await Leaving.server()
        let icon = await Browser(server).open("/favicon.ico")
        #expect(icon.status == 200 && icon.header("content-type") == "image/svg+xml")
        #expect(icon.header("content-security-policy")?.contains("sandbox") == true)
    }

    @Test("a server without pages has no start page")
    func machines() async throws {
        let plugins = Plugins.all.filter {
            ["memory-store", "opaque-token", "client-credentials"].contains($0.type.manifest.id)
        }
        let client: JSON = [
            "id": "job", "secret": .string(Demo.secret), "grant_types": ["client_credentials"], "scope": ["read"],
        ]
        let server = try await TestServer(plugins, clients: [client])
        for path in ["/", "/favicon.ico"] {
            #expect(await Browser(server, readsPages: true).open(path).status == 404, "\(path)")
        }
    }

    @Test("each error page has a link to continue")
    func waysOn() async throws {
        let server = try await Leaving.server()
        for address in [
            "/auth/authorize?client_id=nobody", "/auth/interaction?state=made-up", "/auth/logout",
            "/auth/authorize?client_id=web&response_type=code&redirect_uri=https://evil.example/",
        ] {
            let page = await Browser(server, readsPages: true).open(address)
            #expect(page.link != nil, "\(address) is a dead end: \(page.heading ?? "")")
        }
    }
}
