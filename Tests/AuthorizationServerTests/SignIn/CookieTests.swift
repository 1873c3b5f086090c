// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Cookies belong to one issuer", .clause("RFC 6265 section 8.5"), .timeLimit(.minutes(10)))
struct CookieTests {
    /// Pairs of issuers whose cookies a browser keeps side by side.
    static let pairs = [
        ("https://id.example.com", "https://id.example.com:8443"), ("http://127.0.0.1:8080", "http://127.0.0.1:8081"),
    ]

    private func server(_ issuer: String) async throws -> TestServer {
        try await TestServer(
            clients: [Demo.house], users: Demo.users, passwords: CountingPasswords(), issuer: issuer)
    }

    private let house = Demo.request([("client_id", "house")])

    private func copy(_ from: Browser, _ to: Browser) {
        for (name, value) in from.cookies { to.set(name, value) }
    }

    @Test("signing in at one issuer leaves the session at another issuer on the same host alone", arguments: pairs)
    func twoIssuers(_ issuers: (String, String)) async throws {
        let (one, two) = (Browser(try await server(issuers.0)), Browser(try await server(issuers.1)))
        #expect(await one.signIn(await one.authorize(house)).query["code"] != nil)
        copy(one, two)
        #expect(await two.signIn(await two.authorize(house)).query["code"] != nil)
        copy(two, one)
        #expect(await one.authorize(house + [("prompt", "none")]).query["code"] != nil)
    }

    @Test(
        "a page open at one issuer still works after another issuer on the same host has shown one",
        arguments: pairs)
    func twoPages(_ issuers: (String, String)) async throws {
        let (one, two) = (Browser(try await server(issuers.0)), Browser(try await server(issuers.1)))
        let page = await one.authorize(house)
        copy(one, two)
        _ = await two.signIn(await two.authorize(house))
        copy(two, one)
        #expect(await one.signIn(page).query["code"] != nil)
    }

    @Test("the cookie is found among very many others, and a repeated one is ignored")
    func amongMany() async throws {
        let browser = Browser(try await server("http://127.0.0.1:8080"))
        _ = await browser.signIn(await browser.authorize(house))
        for number in 0..<900 { browser.set("grantor_session_\(number)", "x.y") }
        for name in ["grantor_session", "grantor_session_", "a", "zzzzz"] { browser.set(name, "x.y") }
        #expect(await browser.authorize(house + [("prompt", "none")]).query["code"] != nil)
        let name = try #require(browser.cookies.first { $0.value.utf8.count > 40 && $0.key.hasPrefix("grantor_s") })
        browser.set("a", "b; \(name.key)=x.y")
        #expect(await browser.authorize(house + [("prompt", "none")]).query["error"] == "login_required")
    }
}
