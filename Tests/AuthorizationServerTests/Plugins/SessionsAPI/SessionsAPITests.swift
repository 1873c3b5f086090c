// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
@_spi(Host) import GrantKit
import Support
import Testing

@Suite("Users see and end their sessions and consents", .timeLimit(.minutes(10)))
struct SessionsAPITests {
    private static func csrf(_ page: Answer) -> (String, String) {
        page.hidden.first { $0.0 == "csrf" } ?? ("csrf", "none")
    }

    /// The ids behind the buttons of a page.
    private static func buttons(_ page: Answer, _ name: String) -> [String] {
        page.html.matches(of: try! Regex("name=\"\(name)\" value=\"([^\"]*)\"", as: (Substring, Substring).self))
            .map { String($0.output.1) }
    }

    @Test("the page shows every session of the user and of nobody else, and which one is current")
    func shows() async throws {
        let server = try await Leaving.server()
        let (ann, other, bob) = (Browser(server), Browser(server), Browser(server))
        let flow = try await Leaving.use("shop", server, ann)
        server.clock.advance(.seconds(60))
        let second = try await Leaving.use("plain", server, other)
        _ = await bob.signIn(
            await bob.authorize(BasicOPTests.request("query", [("client_id", "shop")])), "bob@example.com")
        let page = await ann.open("/auth/sessions")
        #expect(page.status == 200 && page.heading == "Where you are signed in")
        #expect(page.header("cache-control") == "no-store")
        #expect(Self.buttons(page, "session") == [flow.claims["sid"]?.string, second.claims["sid"]?.string])
        #expect(page.html.ranges(of: "This browser").count == 1)
        #expect(page.html.contains("The shop") && page.html.contains("The plain") && page.html.contains("192.0.2.1"))
        #expect(page.html.contains("15 January 2027, 08:00 UTC"))
    }

    @Test("a session ended from another browser is over at once, with its tokens, and its clients are notified")
    func ends() async throws {
        let outbound = RecordedOutbound()
        let server = try await Leaving.server(outbound)
        let (here, there) = (Browser(server), Browser(server))
        let own = try await Leaving.use("shop", server, here)
        let flow = try await Leaving.use("library", server, there)
        let page = await here.open("/auth/sessions")
        let id = flow.claims["sid"]?.string ?? ""
        let asked = await here.post("/auth/sessions", [Self.csrf(page), ("session", id)])
        #expect(asked.heading == "Sign out this browser?" && Self.buttons(asked, "session") == [id])
        #expect(await !Leaving.isOver(there), "nothing ends before the user has confirmed it")
        let after = await here.submit(asked, [("session", id)])
        #expect(Self.buttons(after, "session") == [own.claims["sid"]?.string])
        #expect(await Leaving.isOver(there))
        #expect(await !Leaving.isActive(flow.tokens["access_token"], "library", server))
        #expect(await Leaving.isActive(own.tokens["access_token"], "shop", server))
        #expect(await JobRunner(server.core).round() == 1)
        #expect(outbound.requests.map(\.url) == ["https://library.example.com/logout"])
        let last = await here.post(
            "/auth/sessions", [Self.csrf(page), ("confirmed", "1"), ("session", own.claims["sid"]?.string ?? "")])
        #expect(last.heading == "You are signed out" && here.cookies[Browser.session] == nil)
        #expect(await Leaving.isOver(here))
    }

    @Test("the list of sessions has pages and starts with this browser, and all others can be ended at once")
    func pages() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        var others: [Browser] = []
        for _ in 0..<44 {
            others.append(Browser(server))
            _ = try await Leaving.use("plain", server, others[others.count - 1])
            server.clock.advance(.seconds(1))
        }
        let own = try await Leaving.use("shop", server, browser)
        var (seen, page) = ([String](), await browser.open("/auth/sessions"))
        #expect(page.html.ranges(of: "This browser").count == 1)
        while seen.count < 100 {
            seen += Self.buttons(page, "session")
            guard let last = Self.buttons(page, "after").first else { break }
            page = await browser.open("/auth/sessions?after=\(last)")
        }
        #expect(seen.count == 45 && Set(seen).count == 45 && seen.first == own.claims["sid"]?.string)
        let asked = await browser.post("/auth/sessions", [Self.csrf(page), ("others", "1")])
        #expect(asked.heading == "Sign out everywhere else?")
        #expect(await !Leaving.isOver(others[0]))
        let left = await browser.submit(asked, [("others", "1")])
        #expect(Self.buttons(left, "session") == [own.claims["sid"]?.string ?? ""])
        #expect(!left.html.contains("Sign out everywhere else"))
        for other in others { #expect(await Leaving.isOver(other)) }
        #expect(await !Leaving.isOver(browser))
    }

    @Test("a user who is not signed in signs in first and then gets the requested page")
    func signIn() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let page = await browser.open("/auth/sessions")
        #expect(page.heading == "Sign in" && page.formAction == "/auth/sessions")
        let wrong = await browser.signIn(page, "ann", "wrong")
        #expect(wrong.heading == "Sign in" && wrong.html.contains("is incorrect"))
        let before = browser.cookies
        let there = await browser.signIn(wrong)
        #expect(there.heading == "Where you are signed in" && Self.buttons(there, "session").count == 1)
        let again = await browser.submit(wrong, [("username", "ann"), ("password", Demo.password)])
        #expect(again.heading == "Where you are signed in" && Self.buttons(again, "session").count == 1)
        let copy = Browser(server)
        for (name, value) in before { copy.set(name, value) }
        let twice = await copy.signIn(wrong)
        #expect(Self.buttons(twice, "session").count == 1, "a page signs in once: pressed twice, into one session")
        copy.forget(Browser.session)
        server.clock.advance(.seconds(60))
        #expect(await copy.signIn(wrong).heading == "Sign in", "later it signs nobody in")
        let stranger = Browser(server)
        #expect(await stranger.signIn(page).heading == "This page belongs to another browser session")
        let forged = await copy.post("/auth/grants", page.hidden + [("username", "ann"), ("password", Demo.password)])
        #expect(forged.heading == "This page has expired", "the page was shown for another")
    }

    @Test("nobody can end another user's session, nor anything at all through a link or form on another site")
    func strangers() async throws {
        let server = try await Leaving.server()
        let (ann, bob) = (Browser(server), Browser(server))
        let flow = try await Leaving.use("shop", server, ann)
        _ = await bob.signIn(
            await bob.authorize(BasicOPTests.request("query", [("client_id", "shop")])), "bob@example.com")
        let id = flow.claims["sid"]?.string ?? ""
        let page = await bob.open("/auth/sessions")
        _ = await bob.post("/auth/sessions", [Self.csrf(page), ("confirmed", "1"), ("session", id)])
        _ = await ann.open("/auth/sessions?confirmed=1&session=\(id)")
        let forged = await ann.post("/auth/sessions", [("session", id)])
        #expect(forged.status == 400 && forged.heading == "This form cannot be accepted")
        let foreign = await ann.post("/auth/sessions", [Self.csrf(page), ("session", id)])
        #expect(foreign.heading == "This form cannot be accepted", "the token is another browser's")
        let elsewhere = await ann.open("/auth/grants")
        let moved = await ann.post("/auth/sessions", [Self.csrf(elsewhere), ("session", id)])
        #expect(moved.heading == "This form cannot be accepted" || Self.csrf(elsewhere).1 == "none")
        #expect(await !Leaving.isOver(ann))
    }

    @Test(
        "withdrawing consent is one write, ends the client's tokens for the user, and brings the consent page back")
    func consents() async throws {
        let server = try await TestServer(
            [.init(CountingStore.self)] + Plugins.all.dropFirst(),
            clients: [Demo.web, Leaving.plain, TestServer.service], users: Demo.users,
            passwords: CountingPasswords())
        let store = try #require(server.countingStore)
        let browser = Browser(server)
        func get() async throws -> Answer {
            let asked = await browser.authorize(Demo.request([("scope", "openid profile offline_access")]))
            let consent = asked.heading == "Sign in" ? await browser.signIn(asked) : asked
            let landed = consent.heading == nil ? consent : await browser.allow(consent)
            return await server.redeem(try #require(landed.query["code"]))
        }
        let (first, second) = (try await get(), try await get())
        let plain = try await Leaving.use("plain", server, browser)
        let page = await browser.open("/auth/grants")
        #expect(Self.buttons(page, "client") == ["web"] && page.html.contains("The web application"))
        #expect(page.html.contains("See your profile") && !page.html.contains("See your email"))
        let before = store.writes
        let asked = await browser.post("/auth/grants", [Self.csrf(page), ("client", "web")])
        #expect(asked.heading == "Remove access?" && asked.html.contains("The web application"))
        #expect(store.writes == before, "nothing ends before the user has confirmed it")
        let after = await browser.submit(asked, [("client", "web")])
        #expect(store.writes == before + 1 && Self.buttons(after, "client").isEmpty)
        for answer in [first, second] {
            #expect(await !Leaving.isActive(answer["access_token"], "web", server))
            let refreshed = await server.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", answer["refresh_token"] ?? "")],
                as: ("web", Demo.secret))
            #expect(refreshed.error == "invalid_grant")
        }
        #expect(await Leaving.isActive(plain.tokens["access_token"], "plain", server), "another client's are as before")
        let again = await browser.authorize(Demo.request())
        #expect(again.heading == "Allow access to your account?")
        let third = await server.redeem((await browser.allow(again)).query["code"] ?? "")
        #expect(await Leaving.isActive(third["access_token"], "web", server), "what is allowed anew is good")
    }

    @Test("a code from before the consent was withdrawn is refused")
    func pendingCode() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let landed = await browser.allow(await browser.signIn(await browser.authorize(Demo.request())))
        let page = await browser.open("/auth/grants")
        _ = await browser.post("/auth/grants", [Self.csrf(page), ("confirmed", "1"), ("client", "web")])
        #expect(await server.redeem(landed.query["code"] ?? "").error == "invalid_grant")
    }

    @Test("revoking a grant with 10,000 tokens is one write, seen by the next introspection")
    func manyTokens() async throws {
        let (server, store) = try await TestServer.counting()
        let client = try #require(try await server.core.clients.find("service"))
        let format = try #require(
            server.core.generation?.plugins.flatMap(\.registry.formats).first { $0.name == "opaque" })
        var tokens: [String] = []
        for number in 0..<10_000 {
            let authorization = Authorization(
                subject: .client("service"), limits: AccessLimits(scope: ["read"])
            ).issued(under: "client_credentials", grantID: "one-grant")
            let minted = try await format.mint(
                TokenContents(
                    id: "token-\(number)", client: client, authorization: authorization, issuedAt: server.clock.now,
                    expiresAt: server.clock.now + .seconds(600)))
            #expect(try await server.core.store.write(minted.writes) == .committed)
            tokens.append(minted.value)
        }
        for token in [tokens[0], tokens[9_999]] { #expect(await server.isActive(token)) }
        let before = store.writes
        try await server.core.tokens.revoke(.grant("one-grant"), reason: "test")
        #expect(store.writes == before + 1)
        for token in [tokens[0], tokens[5_000], tokens[9_999]] { #expect(await !server.isActive(token)) }
    }

    @Test("an approval is still one write, although it records the client in the session")
    func oneCommit() async throws {
        let server = try await TestServer(
            [.init(CountingStore.self)] + Plugins.all.dropFirst(), clients: [Leaving.shop, Leaving.plain],
            users: Demo.users,
            passwords: CountingPasswords())
        let store = try #require(server.countingStore)
        let browser = Browser(server)
        _ = try await Leaving.use("plain", server, browser)
        for isFirst in [true, false] {
            let before = store.writes
            let landed = await browser.authorize(BasicOPTests.request("query", [("client_id", "shop")]))
            #expect(landed.query["code"] != nil && store.writes == before + 1)
            let session = try #require(browser.cookies[Browser.session]?.split(separator: ".").first)
            let clients = try await server.core.sessions.clients(of: String(session))
            #expect(clients == ["plain", "shop"], "\(isFirst)")
        }
    }

    private static func bearer(_ token: String?) -> [(name: String, value: String)] {
        [("authorization", "Bearer \(token ?? "")")]
    }

    @Test("GET /Session describes the token and, with the right scope, lists the user's sessions")
    func resource() async throws {
        let server = try await Leaving.server()
        let (browser, other) = (Browser(server), Browser(server))
        let flow = try await Leaving.use("shop", server, browser)
        let wide = try await Leaving.use("plain", server, other, "openid profile sessions")
        let answer = await server.send("GET", "/Session", headers: Self.bearer(flow.tokens["access_token"]))
        #expect(answer.status == 200 && answer.json["total"] == 1 && answer.header("cache-control") == "no-store")
        let session = try #require(answer.json["entry"]?.elements.first?["resource"])
        #expect(
            session["resourceType"] == "Session" && session["active"] == true
                && session["iss"] == "https://id.example.com")
        #expect(session["user"] == ["resourceType": "User", "id": "ann"])
        #expect(session["client"] == ["resourceType": "Client", "id": "shop"])
        #expect(session["type"] == "authorization_code" && session["scope"] == ["openid", "profile"])
        #expect(session["parent"]?["id"] == flow.claims["sid"] && session["start"] == "2027-01-15T08:00:00Z")
        let list = await server.send("GET", "/Session", headers: Self.bearer(wide.tokens["access_token"])).json
        let ids = list["entry"]?.elements.dropFirst().compactMap { $0["resource"]?["id"] } ?? []
        #expect(Set(ids) == [flow.claims["sid"], wide.claims["sid"]])
        #expect(await server.send("GET", "/Session").status == 401)
        #expect(await server.send("GET", "/auth/Session", headers: Self.bearer("x")).status == 404)
    }

    @Test("DELETE /Session revokes the token that is presented and no other")
    func deleted() async throws {
        let server = try await Leaving.server()
        let browser = Browser(server)
        let flow = try await Leaving.use("shop", server, browser)
        let second = try await Leaving.use("shop", server, browser)
        let answer = await server.send("DELETE", "/Session", headers: Self.bearer(flow.tokens["access_token"]))
        #expect(answer.status == 204 && answer.body.isEmpty)
        #expect(
            await server.send("DELETE", "/Session", headers: Self.bearer(flow.tokens["access_token"])).status == 401)
        #expect(await !Leaving.isActive(flow.tokens["access_token"], "shop", server))
        #expect(await Leaving.isActive(second.tokens["access_token"], "shop", server))
        #expect(await !Leaving.isOver(browser, "shop"))
    }

    @Test(
        "DELETE /Session with a session id is refused, and the client keeps its own token",
        arguments: ["_id=other", "_id=", "id=x&y=z", "nonsense", "%00"])
    func named(_ query: String) async throws {
        let server = try await Leaving.server()
        let flow = try await Leaving.use("shop", server, Browser(server))
        let token = flow.tokens["access_token"]
        let answer = await server.send("DELETE", "/Session", query: query, headers: Self.bearer(token))
        #expect(answer.status == 400)
        #expect(await Leaving.isActive(token, "shop", server))
    }
}
