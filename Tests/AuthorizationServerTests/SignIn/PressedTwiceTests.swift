// SPDX-License-Identifier: Apache-2.0

import Cryptography
import GrantKit
import Support
import Testing

@testable import AuthorizationServer

@Suite("A button that is pressed twice leads to the same place twice", .timeLimit(.minutes(10)))
struct PressedTwiceTests {
    private static let house = Demo.request([("client_id", "house")])
    private static let session = Browser.session

    private static func consent(_ server: TestServer, _ changes: [(String, String?)] = []) async -> (Browser, Answer) {
        let browser = Browser(server)
        return (browser, await browser.signIn(await browser.authorize(Demo.request(changes))))
    }

    @Test("Sign in without consent: the second press gives the same code and the same session")
    func signIn() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Self.house)
        let before = browser.copy()
        let first = await browser.signIn(page)
        let second = await before.signIn(page)
        #expect(first.query["code"] != nil && second.header("location") == first.header("location"))
        #expect(before.cookies[Self.session] == browser.cookies[Self.session] && before.cookies[Self.session] != nil)
        #expect(await server.redeem(second.query["code"] ?? "", as: ("house", Demo.secret)).status == 200)
    }

    @Test("a response whose tokens have ended is not repeated", arguments: [Int64.min, -1, 0])
    func noLifetime(_ seconds: Int64) async throws {
        let server = try await Demo.server()
        let given = GivenAnswer(
            members: [("expires_in", "\(seconds)")], clientID: "house", redirectURI: Demo.callback, sessionID: "s",
            cookie: "s.x", at: server.core.now)
        #expect(try await !given.isGood(nil, in: server.core))
    }

    @Test("Sign in with a consent page: both presses lead to that page")
    func signInBeforeConsent() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        let before = browser.copy()
        let pages = [await browser.signIn(page), await before.signIn(page)]
        for consent in pages { #expect(consent.heading == "Allow access to your account?") }
        // The browser shows the second response and has its session.
        #expect(await before.allow(pages[1]).query["code"] != nil)
    }

    @Test("64 racing presses of Sign in lead to one code")
    func race() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Self.house)
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 {
                let other = browser.copy()
                group.addTask { await other.signIn(page) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let codes = Set(answers.compactMap { $0.query["code"] })
        #expect(codes.count == 1, "\(answers.map { $0.heading ?? $0.header("location") ?? "" })")
    }

    @Test("on two nodes with one store, and after a restart")
    func nodes() async throws {
        let server = try await Demo.server()
        let other = try await TestServer(
            beside: server, clients: [Demo.web, Demo.house], users: Demo.users)
        let (browser, consent) = await Self.consent(server)
        let first = await browser.allow(consent)
        let second = await browser.copy(at: other).allow(consent)
        #expect(first.query["code"] != nil && second.header("location") == first.header("location"))
    }

    @Test("another browser with the form but without the cookies gets nothing")
    func otherBrowser() async throws {
        let server = try await Demo.server()
        let (browser, consent) = await Self.consent(server)
        _ = await browser.allow(consent)
        let thief = Browser(server)
        _ = await thief.authorize(Self.house)
        let answer = await thief.allow(consent)
        #expect(answer.status == 400 && answer.query["code"] == nil && thief.cookies[Self.session] == nil)
        let half = browser.copy()
        half.forget(Self.session)
        #expect(await half.allow(consent).heading == Self.expired, "the session is not given to who lacks it")
    }

    private static let expired = "This page has expired"

    @Test("a redeemed code is not repeated, and nothing is revoked")
    func redeemed() async throws {
        let server = try await Demo.server()
        let (browser, consent) = await Self.consent(server)
        let first = await browser.allow(consent).query["code"] ?? ""
        let token = await server.redeem(first)["access_token"] ?? ""
        let second = await browser.allow(consent)
        #expect(second.heading == Self.expired)
        #expect(await browser.open(second.link ?? "").query["code"] != nil, "the way on begins anew")
        #expect(await server.introspect(token, as: "web", Demo.secret).json["active"] == true)
    }

    @Test("a response is not repeated later, after the session has ended, or for another user")
    func over() async throws {
        let server = try await Demo.server()
        let (late, lateConsent) = await Self.consent(server)
        #expect(await late.allow(lateConsent).query["code"] != nil)
        server.clock.advance(.seconds(9))
        #expect(await late.allow(lateConsent).query["code"] != nil)
        server.clock.advance(.seconds(1))
        #expect(await late.allow(lateConsent).heading == Self.expired, "the shortest code has ended")
        server.clock.advance(.seconds(-30))
        #expect(await late.allow(lateConsent).heading == Self.expired, "a clock that is behind makes it no longer")
        server.clock.advance(.seconds(30))
        let (ended, endedConsent) = await Self.consent(server, [("prompt", "consent")])
        #expect(await ended.allow(endedConsent).query["code"] != nil)
        let id = (ended.cookies[Self.session] ?? "").split(separator: ".")[0]
        try await server.core.tokens.revoke(.session(String(id)), reason: "test")
        #expect(await ended.allow(endedConsent).heading == Self.expired)
        let browser = Browser(server)
        let page = await browser.authorize(Self.house)
        let ann = await browser.signIn(page)
        let bob = await browser.signIn(page, "bob")
        #expect(bob.query["code"] != nil && bob.query["code"] != ann.query["code"])
        let tokens = await server.redeem(bob.query["code"] ?? "", as: ("house", Demo.secret))
        #expect(server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims["sub"] == "bob")
    }

    @Test("a response is not repeated once the user has withdrawn the consent")
    func ended() async throws {
        let server = try await Demo.server()
        let (browser, consent) = await Self.consent(server)
        #expect(await browser.allow(consent).query["code"] != nil)
        let page = await browser.open("/auth/grants")
        let csrf = page.hidden.filter { $0.0 == "csrf" }
        #expect(csrf.count == 1)
        _ = await browser.post("/auth/grants", csrf + [("confirmed", "1"), ("client", "web")])
        #expect(await browser.allow(consent).heading == Self.expired)
    }

    @Test("a token is repeated until it expires and no longer")
    func token() async throws {
        var client = Demo.house
        client["grant_types"] = ["implicit"]
        client["auth"] = ["implicit": ["redirect_uri": .string(Demo.callback), "access_token_expiration": 3]]
        let server = try await Demo.server(Plugins.all + [.init(Plugins.implicit)], clients: [client])
        let browser = Browser(server)
        let page = await browser.authorize(
            Demo.request([
                ("client_id", "house"), ("response_type", "token"), ("code_challenge", nil),
                ("code_challenge_method", nil),
            ]))
        let before = browser.copy()
        let first = await browser.signIn(page)
        #expect(first.header("location")?.contains("access_token=") == true)
        server.clock.advance(.seconds(2))
        #expect(await before.copy().signIn(page).header("location") == first.header("location"))
        server.clock.advance(.seconds(1))
        #expect(await before.copy().signIn(page).header("location") != first.header("location"))
    }

    @Test("racing presses lead to one code and one session even if a user was signed in")
    func raceWithSession() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await browser.signIn(await browser.authorize(Self.house))
        let page = await browser.authorize(Self.house + [("prompt", "login")])
        let presses = (0..<32).map { _ in browser.copy() }
        let answers = await withTaskGroup(of: Answer.self) { group in
            for other in presses { group.addTask { await other.signIn(page) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(Set(answers.map { $0.query["code"] }).count == 1, "\(answers.map { $0.heading ?? "-" })")
        #expect(Set(presses.map { $0.cookies[Self.session] }).count == 1)
    }

    @Test("the stored response cannot be opened with the store and the server's keys alone, without the form")
    func sealed() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Self.house)
        #expect(await browser.signIn(page).query["code"] != nil)
        let field = try #require(page.hidden.first { $0.0 == "state" })
        let text = try #require(server.keys.open(field.1, purpose: InteractionState.purpose))
        let state = try #require(InteractionState(try JSON(parsing: text)))
        let marker = try #require(try await server.core.store.read(state.marker))
        let form = { (password: String) in
            GivenAnswer.digest(
                ofForm: Parameters(page.hidden + [("username", "ann"), ("password", password)]),
                server.core.cryptography)
        }
        #expect(try await GivenAnswer(marker, of: state, for: form(Demo.password), in: server.core) != nil)
        for guess in [nil, "", form("another horse")] {
            #expect(try await GivenAnswer(marker, of: state, for: guess, in: server.core) == nil)
        }
        let kept = Array(marker.value.text.utf8)
        #expect(kept.count > 100 && !marker.value.text.contains(form(Demo.password)))
    }

    @Test("a client whose redirect URI has changed meanwhile gets nothing at the old one")
    func moved() async throws {
        let server = try await Demo.server()
        let (browser, consent) = await Self.consent(server)
        #expect(await browser.allow(consent).query["code"] != nil)
        var moved = Demo.web
        moved["auth"] = ["authorization_code": ["redirect_uri": "https://app.example.com/elsewhere"]]
        server.core.install(try await server.generation(Plugins.all, clients: [moved], users: Demo.users))
        #expect(await browser.allow(consent).heading == "Unknown return address")
    }

    @Test("Deny, and changing the account", arguments: ["deny", "switch"])
    func others(_ decision: String) async throws {
        let server = try await Demo.server()
        let (browser, consent) = await Self.consent(server)
        let before = browser.copy()
        let (first, second) = (
            await browser.submit(consent, [("decision", decision)]),
            await before.submit(consent, [("decision", decision)])
        )
        #expect(first.heading == second.heading && first.header("location") == second.header("location"))
        #expect(first.query["error"] == "access_denied" || first.heading == "Sign in")
    }

    @Test("Sign in and End on the server's own pages, and Sign out")
    func ownPages() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.open("/auth/sessions")
        let before = browser.copy()
        #expect(await browser.signIn(page).heading == "Where you are signed in")
        let sessions = await before.signIn(page)
        #expect(sessions.heading == "Where you are signed in")
        #expect(before.cookies[Self.session] == browser.cookies[Self.session])
        let id = String((browser.cookies[Self.session] ?? "").split(separator: ".")[0])
        for other in [browser.copy(), browser.copy()] {
            #expect(
                await other.submit(sessions, [("confirmed", "1"), ("session", id)]).heading == "You are signed out")
            #expect(other.cookies[Self.session] == nil)
        }
        let leaving = Browser(server)
        _ = await leaving.signIn(await leaving.open("/auth/sessions"))
        let asked = await leaving.open("/auth/logout")
        for other in [leaving.copy(), leaving.copy()] {
            #expect(await other.submit(asked, []).heading == "You are signed out")
        }
    }
}
