// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Sessions of a browser", .timeLimit(.minutes(10)))
struct SessionTests {
    private let house = Demo.request([("client_id", "house")])

    @Test("each sign-in begins a new session with a new id")
    func fixation() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        browser.set(Browser.session, "chosen.by-an-attacker")
        _ = await browser.signIn(await browser.authorize(house))
        let first = try #require(browser.cookies[Browser.session])
        #expect(!first.hasPrefix("chosen"))
        let again = await browser.authorize(house + [("prompt", "login")])
        #expect(again.heading == "Sign in")
        _ = await browser.signIn(again)
        let second = try #require(browser.cookies[Browser.session])
        #expect(second.split(separator: ".")[0] != first.split(separator: ".")[0])
        let thief = Browser(server)
        thief.set(Browser.session, first)
        #expect(await thief.authorize(house).heading == "Sign in", "the former session is over")
    }

    @Test("cookies over https are limited to this host and unavailable to scripts and other sites' requests")
    func cookies() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(house)
        let answer = await browser.postOnly(
            page.formAction ?? "", page.hidden + [("username", "ann"), ("password", Demo.password)])
        let set = (page.headers + answer.headers).filter { $0.name == "set-cookie" }.map(\.value)
        #expect(set.count == 2)
        for cookie in set {
            #expect(cookie.hasPrefix("__Host-"))
            for word in ["; Path=/;", "; HttpOnly", "; SameSite=Lax", "; Secure"] { #expect(cookie.contains(word)) }
            #expect(!cookie.contains("Domain") && !cookie.contains("Max-Age"))
        }
    }

    @Test("a session needs its secret; the right id with a guessed secret does not work")
    func sessionSecret() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(house))
        let value = try #require(browser.cookies[Browser.session])
        let id = String(value.split(separator: ".")[0])
        for guess in ["\(id).", "\(id).x", id, "\(id).\(id)", "\(value).", ".\(value)", "\(value)x"] {
            let thief = Browser(server)
            thief.set(Browser.session, guess)
            #expect(await thief.authorize(house).heading == "Sign in", "\(guess)")
        }
        let record = try await server.core.store.read(StoreKey("session", id))
        #expect(record?.value.text.contains(String(value.split(separator: ".")[1])) == false)
    }

    @Test("a session expires")
    func expires() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(house))
        server.clock.advance(.seconds(12 * 3600 - 1))
        #expect(await browser.authorize(house).query["code"] != nil)
        server.clock.advance(.seconds(1))
        #expect(await browser.authorize(house).heading == "Sign in")
    }

    @Test("an ended session proves nothing, and none of its codes can be redeemed")
    func revoked() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let landed = await browser.signIn(await browser.authorize(house))
        let code = landed.query["code"] ?? ""
        let id = (browser.cookies[Browser.session] ?? "").split(separator: ".")[0]
        try await server.core.tokens.revoke(.grant(String(id)), reason: "test")
        #expect(await browser.authorize(house).heading == "Sign in")
        #expect(await server.redeem(code, as: ("house", Demo.secret)).error == "invalid_grant")
    }

    @Test(
        "a session ends with its user, even if a user with the same ID and password is created later",
        arguments: [false, true])
    func removed(_ isMadeAnew: Bool) async throws {
        let server = try await Demo.server()
        let eve: JSON = ["id": "eve", "password": .string(Demo.password)]
        try await server.add(eve)
        let browser = Browser(server)
        let landed = await browser.signIn(await browser.authorize(house), "eve")
        let code = try #require(landed.query["code"])
        #expect(await browser.authorize(house).query["code"] != nil, "the session holds")
        _ = try await server.stored.delete("eve", if: .any)
        if isMadeAnew { try await server.add(eve) }
        #expect(await browser.authorize(house).heading == "Sign in")
        #expect(await server.redeem(code, as: ("house", Demo.secret)).error == "invalid_grant")
    }
}
