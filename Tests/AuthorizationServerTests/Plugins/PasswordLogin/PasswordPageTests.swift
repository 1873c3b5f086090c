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
        let done = await browser.submit(page, Self.form(Self.old, Self.new))
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
        let done = await browser.submit(await Self.page(browser), Self.form(Self.old, hash))
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
                    await browser.copy().submit(page, Self.form(Self.old, "new password \(number)")).heading
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
}
