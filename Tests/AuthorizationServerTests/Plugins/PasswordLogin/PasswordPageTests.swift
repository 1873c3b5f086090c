// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("Users change their own password", .timeLimit(.minutes(10)))
struct PasswordPageTests {
    private static let old = "demo-first password"
    private static let new = "a new password"

    private static func server() async throws -> TestServer {
        let server = try await Leaving.server()
        _ = try await server.core.users.documents.create(["id": "eve", "password": .string(old)])
        return server
    }

    private static func form(_ current: String, _ new: String, _ again: String? = nil) -> [(String, String)] {
        [("current_password", current), ("new_password", new), ("repeated_password", again ?? new)]
    }

    /// Submits the form, and follows to the page that says that the password has changed.
    private static func change(_ browser: Browser, _ page: Answer, _ form: [(String, String)]) async -> Answer {
        let answer = await browser.submit(page, form)
        guard answer.status == 303, let location = answer.header("location") else { return answer }
        return await browser.open(location)
    }

    /// Opens the password page and signs in.
    private static func page(_ browser: Browser, _ password: String = old) async -> Answer {
        await browser.signIn(await browser.open("/auth/password"), "eve", password)
    }

    @Test("after a change, the new password signs in, the old one does not, and all sessions have ended")
    func changes() async throws {
        let server = try await Self.server()
        let (browser, other) = (Browser(server), Browser(server))
        _ = await Self.page(other)
        let page = await Self.page(browser)
        #expect(page.heading == "Change your password" && page.header("cache-control") == "no-store")
        let done = await Self.change(browser, page, Self.form(Self.old, Self.new))
        #expect(done.heading == "Your password has changed" && browser.cookies[Browser.session] == nil)
        #expect(await other.open("/auth/sessions").heading == "Sign in", "the other browser is signed out too")
        #expect(await Self.page(Browser(server)).heading == "Sign in", "the old password is wrong now")
        #expect(await Self.page(Browser(server), Self.new).heading == "Change your password")
    }

    @Test(
        "a new password that is not allowed changes nothing, and the page says why",
        arguments: [
            (form(old, "short"), "too short"), (form(old, new, "another one"), "two different"),
            (form(old, old), "same as the current"), (form("wrong", new), "current password is wrong"),
            (form("", new), "Fill in all three"), (form(old, ""), "Fill in all three"),
            (form(old, String(repeating: "x", count: 513)), "too long"), (form(old, "tab\u{9}ulator!"), "too long, or"),
            (form(old, "e\u{301}e\u{301}e\u{301}e"), "too short"),
            (form(String(repeating: "x", count: 60_000), new), "wrong"),
        ] as [([(String, String)], String)])
    func refuses(_ form: [(String, String)], _ text: String) async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        let page = await browser.submit(await Self.page(browser), form)
        #expect(page.html.contains(text) && page.html.contains("role=\"alert\""), "\(page.html)")
        #expect(!page.html.contains(Self.new) && !page.html.contains(Self.old), "no password comes back")
        #expect(await Self.page(Browser(server)).heading == "Change your password", "the old one still signs in")
    }

    @Test("a password that looks like a hash is taken literally")
    func literally() async throws {
        let server = try await Self.server()
        let hash = "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo"
        let browser = Browser(server)
        let done = await Self.change(browser, await Self.page(browser), Self.form(Self.old, hash))
        #expect(done.heading == "Your password has changed")
        #expect(await Self.page(Browser(server), hash).heading == "Change your password")
    }

    @Test("the well-known address leads to the page, which refuses users of the configuration")
    func declared() async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        let link = await browser.open("/.well-known/change-password")
        #expect(link.status == 303 && link.header("location") == "https://id.example.com/auth/password")
        let page = await browser.signIn(await browser.open(link.header("location") ?? ""))
        #expect(page.html.contains("cannot be changed here") && page.formAction == nil)
        let csrf = await browser.open("/auth/sessions").hidden.filter { $0.0 == "csrf" }
        let forced = await browser.post("/auth/password", csrf + Self.form(Demo.password, Self.new))
        #expect(forced.status == 400 || forced.html.contains("cannot be changed here"))
    }

    @Test("a link or another site's form cannot change a password")
    func strangers() async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        _ = await Self.page(browser)
        let query =
            "current_password=demo-first%20password&new_password=a%20new%20password&repeated_password=a%20new%20password"
        #expect(await browser.open("/auth/password?\(query)").heading == "Change your password")
        let forged = await browser.post("/auth/password", Self.form(Self.old, Self.new))
        #expect(forged.heading == "This form cannot be accepted")
        #expect(await Self.page(Browser(server)).heading == "Change your password")
    }

    @Test("of concurrent changes exactly one succeeds")
    func race() async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        let page = await Self.page(browser)
        let headings = await withTaskGroup(of: String?.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await Self.change(browser.copy(), page, Self.form(Self.old, "new password \(number)")).heading
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(headings.filter { $0 == "Your password has changed" }.count == 1, "\(headings)")
        var good = 0
        for number in 0..<8 {
            server.clock.advance(.seconds(4000))
            let page = await Self.page(Browser(server), "new password \(number)")
            good += page.heading == "Change your password" ? 1 : 0
        }
        #expect(good == 1)
    }

    @Test("guesses at the current password are throttled as at sign-in")
    func guesses() async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        let form = await Self.page(browser)
        var texts: [String] = []
        for number in 0..<20 { texts.append(await browser.submit(form, Self.form("guess \(number)", Self.new)).html) }
        #expect(texts.last?.contains("There were too many attempts.") == true)
        #expect(texts.last?.contains("Try again in") == true)
    }

    @Test("the clients of every session are notified, as at a sign-out")
    func notifies() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        _ = try await server.core.users.documents.create(["id": "eve", "password": .string(Self.old)])
        let (browser, other) = (Browser(server), Browser(server))
        for (browser, client) in [(browser, "shop"), (other, "library")] {
            let page = await browser.authorize(BasicOPTests.request("query", [("client_id", client)]))
            #expect(await browser.signIn(page, "eve", Self.old).query["code"] != nil)
        }
        let done = await Self.change(browser, await browser.open("/auth/password"), Self.form(Self.old, Self.new))
        #expect(done.heading == "Your password has changed")
        _ = await JobRunner(server.core).round()
        #expect(
            Set(outbound.requests.map(\.url)) == [
                "https://shop.example.com/logout", "https://library.example.com/logout",
            ])
    }

    @Test("pressed twice, one after the other or at once, the button never says that nothing has changed")
    func pressedTwice() async throws {
        let server = try await Self.server()
        let browser = Browser(server)
        let page = await Self.page(browser)
        let before = browser.copy()
        let done = await browser.submit(page, Self.form(Self.old, Self.new))
        let location = try #require(done.header("location"))
        for _ in 0..<2 { #expect(await browser.open(location).heading == "Your password has changed") }
        let second = await Self.change(before, page, Self.form(Self.old, Self.new))
        #expect(second.heading == "You are signed out", "\(second.html)")
        server.clock.advance(.seconds(601))
        #expect(await browser.open(location).heading != "Your password has changed", "the link does not last")
        #expect(await browser.open("/auth/password/changed?changed=made-up").heading != "Your password has changed")
    }

    @Test("a form that was shown to one user does nothing for the user who has signed in since")
    func otherUser() async throws {
        let server = try await Self.server()
        _ = try await server.core.users.documents.create(["id": "kim", "password": .string(Self.old)])
        let browser = Browser(server)
        let page = await Self.page(browser)
        browser.forget(Browser.session)
        _ = await browser.signIn(await browser.open("/auth/sessions"), "kim", Self.old)
        let forged = await browser.submit(page, Self.form(Self.old, Self.new))
        #expect(forged.heading == "This form cannot be accepted")
        #expect(await browser.open("/auth/password").heading == "Change your password", "kim is still signed in")
    }

    @Test("guesses for another name of the account do not delay its owner at a known address")
    func knownAddress() async throws {
        let server = try await Leaving.server()
        _ = try await server.core.users.documents.create(
            ["id": "eve", "email": "eve@example.com", "password": .string(Self.old)])
        let browser = Browser(server)
        let page = await browser.signIn(await browser.open("/auth/password"), "eve@example.com", Self.old)
        for number in 0..<9 {
            _ = try await server.core.users.verify(
                login: "eve", password: Secret("guess \(number)"), from: "198.51.100.77")
        }
        #expect(await browser.submit(page, Self.form("mistyped", Self.new)).html.contains("current password is wrong"))
        let done = await Self.change(browser, page, Self.form(Self.old, Self.new))
        #expect(done.heading == "Your password has changed", "\(done.html)")
    }

    @Test("a change at one node counts at the other at once")
    func otherNode() async throws {
        let server = try await Self.server()
        let node = try await TestServer(
            beside: server, clients: [Leaving.shop, Leaving.plain, TestServer.service], users: Demo.users)
        let browser = Browser(server)
        let page = await Self.page(browser)
        let there = browser.copy(at: node)
        #expect(await there.open("/auth/password").heading == "Change your password")
        #expect(await Self.change(there, page, Self.form(Self.old, Self.new)).heading == "Your password has changed")
        #expect(await browser.open("/auth/sessions").heading == "Sign in")
        #expect(await Self.page(Browser(server), Self.new).heading == "Change your password")
    }
}
