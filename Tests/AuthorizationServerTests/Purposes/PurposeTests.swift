// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("An endpoint of a plugin asks users to sign in and consent", .timeLimit(.minutes(10)))
struct PurposeTests {
    @Test("the user signs in and allows, and the plugin's grant returns what was allowed, once")
    func allows() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", ["scope": ["openid", "read", "write"]], at: server)
        let browser = Browser(server)
        let signIn = await browser.open("/auth/pair?code=c1")
        #expect(signIn.heading == "Sign in")
        let consent = await browser.signIn(signIn)
        #expect(consent.heading == Pairing.question && consent.html.contains("The screen"))
        #expect(!consent.html.contains("Then you go to"), "nobody is sent on")
        #expect(consent.header("content-security-policy")?.contains("form-action 'self'") == true)
        let done = await browser.allow(consent, ["read"])
        #expect(done.status == 200 && done.heading == Pairing.connected && done.html.contains("<p>ann</p>"))
        #expect(done.header("cache-control") == "no-store")
        let tokens = await Pairing.redeem("c1", at: server)
        #expect(tokens.status == 200 && tokens["scope"] == "openid read")
        let token = try #require(try await server.core.tokens.resolve(tokens["access_token"] ?? ""))
        let granted = token.authorization
        #expect(granted.subject == .user("ann") && granted.origin == "pairing" && granted.amr == ["pwd"])
        #expect(granted.sessionID != nil && granted.authenticatedAt != nil && granted.epoch != nil)
        #expect(await Pairing.redeem("c1", at: server).error == "invalid_grant")
    }

    @Test("the user denies, and the plugin is told")
    func denies() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", at: server)
        let browser = Browser(server)
        let consent = await Pairing.consent("c1", in: browser)
        for _ in 0..<2 {
            let done = await browser.submit(consent, [("decision", "deny")])
            #expect(done.status == 200 && done.heading == Pairing.notConnected)
        }
        #expect(try await Pairing.state("c1", at: server) == "denied")
        #expect(await Pairing.redeem("c1", at: server).error == "invalid_grant")
    }

    @Test("unticking everything is a denial")
    func untick() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", at: server)
        let browser = Browser(server)
        let done = await browser.allow(await Pairing.consent("c1", in: browser), [])
        #expect(done.heading == Pairing.notConnected)
    }

    @Test("what a step finds out belongs to what is granted, and a step's page is one of the interaction's")
    func steps() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", ["scope": ["read", "choosy"]], at: server)
        let browser = Browser(server)
        let choice = await Pairing.consent("c1", in: browser)
        #expect(choice.heading == "Choose")
        let consent = await browser.submit(choice, [("answer", "blue")])
        #expect(await browser.allow(consent).heading == Pairing.connected)
        let tokens = await Pairing.redeem("c1", at: server)
        let token = try #require(try await server.core.tokens.resolve(tokens["access_token"] ?? ""))
        #expect(token.authorization.attachments["pairing"] == ["chosen": "blue"])
    }

    @Test("a user can choose another account on the way")
    func switches() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", at: server)
        let browser = Browser(server)
        let signIn = await browser.submit(await Pairing.consent("c1", in: browser), [("decision", "switch")])
        let done = await browser.allow(await browser.signIn(signIn, "bob"))
        #expect(done.heading == Pairing.connected && done.html.contains("<p>bob</p>"))
    }

    @Test("a server without response types asks users too")
    func withoutFlows() async throws {
        let plugins = [Plugins.memoryStore, Plugins.opaqueToken, Plugins.passwordLogin, Pairing.self]
        let server = try await TestServer(
            plugins.map { PluginSetup($0) }, clients: [Pairing.ours], users: Demo.users)
        try await Pairing.wait("c1", for: "ours", at: server)
        let browser = Browser(server)
        #expect(await Pairing.consent("c1", in: browser).heading == Pairing.connected)
        #expect(await server.send("GET", "/auth/authorize").status == 404)
    }

    // MARK: loading and looking

    @Test("loading a page decides nothing, whatever its query says, and HEAD sets nothing")
    func onlyForms() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", for: "ours", at: server)
        let browser = Browser(server)
        let head = await server.send("HEAD", "/auth/pair", query: "code=c1")
        #expect(head.status == 303 && head.header("set-cookie") == nil)
        _ = await browser.signIn(await browser.authorize(Demo.request()))
        let consent = await Pairing.consent("c1", in: browser)
        #expect(consent.heading == Pairing.question, "a first-party client, and a user who has a session")
        let fields = consent.hidden + [("decision", "allow"), ("scope", "read")]
        let query = fields.map { "\($0.0)=\(Form.encode($0.1))" }.joined(separator: "&")
        #expect(await browser.open("/auth/interaction?\(query)").heading == Pairing.question)
        let cookies = browser.cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        let looked = await server.send("HEAD", "/auth/interaction", query: query, headers: [("cookie", cookies)])
        #expect(looked.status == 200)
        #expect(try await Pairing.state("c1", at: server) == "pending")
        #expect(await browser.allow(consent).heading == Pairing.connected)
    }

    // MARK: pressed twice

    @Test("a button that is pressed twice shows the same page twice, for ten seconds")
    func twice() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", at: server)
        let browser = Browser(server)
        let consent = await Pairing.consent("c1", in: browser)
        let pages = [await browser.allow(consent), await browser.allow(consent)]
        #expect(pages[0].heading == Pairing.connected && pages[0].body == pages[1].body)
        let denied = await browser.submit(consent, [("decision", "deny")])
        #expect(denied.status == 400 && denied.heading == Pairing.expired && denied.link == "/auth/pair")
        let thief = Browser(server)
        _ = await Pairing.consent("c1", in: thief)
        #expect(await thief.allow(consent).status == 400)
        server.clock.advance(.seconds(10))
        #expect(await browser.allow(consent).heading == Pairing.expired)
        #expect(try await Pairing.state("c1", at: server) == "approved")
    }

    @Test("racing presses of one button commit once and show one page")
    func race() async throws {
        let server = try await Pairing.server()
        for round in 0..<Races.rounds {
            let code = "c\(round)"
            try await Pairing.wait(code, at: server)
            let browser = Browser(server)
            let consent = await Pairing.consent(code, in: browser)
            let pages = await withTaskGroup(of: Answer.self) { group in
                for _ in 0..<8 {
                    let other = browser.copy()
                    group.addTask { await other.allow(consent) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(pages.allSatisfy { $0.heading == Pairing.connected }, "\(pages.map(\.heading))")
            let record = try await server.core.store.read(Pairing.collection.key(code))
            #expect(record?.version == 2)
        }
    }

    @Test("Sign in pressed twice without a consent page shows the same page twice, with the same session")
    func signInTwice() async throws {
        let server = try await Pairing.server()
        try await Pairing.wait("c1", for: "ours", at: server)
        let browser = Browser(server)
        let page = await browser.open("/auth/pair?code=c1")
        let before = browser.copy()
        let pages = [await browser.signIn(page), await before.signIn(page)]
        #expect(pages.allSatisfy { $0.heading == Pairing.connected })
        #expect(browser.cookies[Browser.session] == before.cookies[Browser.session])
        #expect(browser.cookies[Browser.session] != nil)
    }

    @Test("two tabs of one browser, one that allows and one that denies, end in one result")
    func tabs() async throws {
        let server = try await Pairing.server()
        for round in 0..<Races.rounds {
            let code = "c\(round)"
            try await Pairing.wait(code, at: server)
            let browser = Browser(server)
            let tabs = [await Pairing.consent(code, in: browser), await Pairing.consent(code, in: browser)]
            let other = browser.copy()
            async let allowed = browser.allow(tabs[0])
            async let denied = other.submit(tabs[1], [("decision", "deny")])
            let headings = [await allowed.heading, await denied.heading]
            let state = try await Pairing.state(code, at: server)
            #expect((headings[0] == Pairing.connected) == (state == "approved"), "\(headings)")
            #expect((headings[1] == Pairing.notConnected) == (state == "denied"), "\(headings)")
            #expect(headings.filter { $0 == Pairing.expired }.count == 1, "\(headings)")
        }
    }

    @Test("one page that is allowed and denied at once ends in one result")
    func bothButtons() async throws {
        let server = try await Pairing.server()
        for round in 0..<Races.rounds {
            let code = "c\(round)"
            try await Pairing.wait(code, at: server)
            let browser = Browser(server)
            let consent = await Pairing.consent(code, in: browser)
            let other = browser.copy()
            async let allowed = browser.allow(consent)
            async let denied = other.submit(consent, [("decision", "deny")])
            let headings = [await allowed.heading, await denied.heading]
            #expect(headings.filter { $0 == Pairing.expired }.count == 1, "\(headings)")
            let tokens = await Pairing.redeem(code, at: server)
            #expect((tokens.status == 200) == (headings[0] == Pairing.connected))
        }
    }
}
