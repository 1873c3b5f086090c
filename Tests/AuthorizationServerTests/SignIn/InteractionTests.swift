// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit
import Support
import Testing

@Suite("Sign-in and its pages", .timeLimit(.minutes(10)))
struct InteractionTests {
    private let house = Demo.request([("client_id", "house")])

    @Test("a wrong password and an unknown or inactive account look the same, and the page can be reloaded")
    func wrongPassword() async throws {
        let server = try await Demo.server()
        var pages: [String] = []
        for (login, password) in [("ann", "wrong"), ("nobody", "wrong"), ("ida", Demo.password)] {
            let browser = Browser(server)
            let page = await browser.signIn(await browser.authorize(house), login, password)
            #expect(page.status == 200 && page.heading == "Sign in")
            #expect(page.html.contains("value=\"\(login)\"") && !page.html.contains(password))
            #expect(page.html.contains("<p>The username or the password is incorrect.</p>"))
            pages.append(Self.visible(page.html).replacing(login, with: "LOGIN"))
            let again = await browser.signIn(page)
            #expect(again.query["code"] != nil, "the right one is taken from there")
        }
        #expect(Set(pages).count == 1)
    }

    /// A page without the parts that differ between requests.
    private static func visible(_ html: String) -> String {
        html.replacing(/name="(csrf|state)" value="[^"]*"/, with: "")
    }

    @Test("an empty form signs nobody in", arguments: [[], [("username", "ann")], [("password", "x")]])
    func incomplete(_ fields: [(String, String)]) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.submit(await browser.authorize(house), fields)
        #expect(page.status == 200 && page.heading == "Sign in")
        let text = "<p>Enter both your username and your password.</p>"
        #expect(page.html.contains(text) == !fields.isEmpty)
    }

    @Test("after guesses a user is told how long to wait; if all hashing slots are busy, the page says so")
    func waits() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        var page = await browser.authorize(house)
        for _ in 0..<20 { page = await browser.signIn(page, "ann", "wrong") }
        #expect(page.html.contains("There were too many attempts."))
        #expect(page.html.contains(/Try again in [0-9]+ (second|minute)s?\./))
        server.passwords.fill(true)
        let busy = await browser.signIn(await browser.authorize(house), "bob")
        #expect(busy.html.contains("Many people are signing in right now."))
    }

    @Test("a user whose attempts found no hashing slot has guessed nothing, and signs in as soon as one is free")
    func busy() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        var page = await browser.authorize(house)
        server.passwords.fill(true)
        for _ in 0..<20 {
            page = await browser.signIn(page)
            #expect(page.html.contains("Many people are signing in right now."))
        }
        server.passwords.fill(false)
        #expect(await browser.signIn(page).query["code"] != nil)
    }

    @Test(
        "with a name or password that is too long, the page says so, and nothing is counted or hashed",
        arguments: [("ann", 0, 513), ("nobody", 0, 600), ("", 257, 1), ("", 300, 600), ("", 20_000, 20_000)])
    func tooLong(_ login: String, _ letters: Int, _ password: Int) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        var page = await browser.authorize(house)
        for _ in 0..<20 {
            page = await browser.signIn(
                page, login + String(repeating: "\u{E9}", count: letters), String(repeating: "p", count: password))
            #expect(page.status == 200 && page.heading == "Sign in")
            #expect(page.html.contains("<p>The username or the password is too long."))
        }
        #expect(server.passwords.slowHashes == 0)
        #expect(await browser.signIn(page).query["code"] != nil)
    }

    @Test("an error about a form that no page sends blames no client")
    func strangeForm() async throws {
        let browser = Browser(try await Demo.server())
        let answer = await browser.submit(await browser.authorize(house), [("username", "ann"), ("username", "bob")])
        #expect(answer.status == 400 && answer.heading == "This form cannot be read")
    }

    @Test("a page works only in the browser in which it was shown")
    func boundToBrowser() async throws {
        let server = try await Demo.server()
        let attacker = Browser(server)
        let page = await attacker.authorize(house)
        let victim = Browser(server)
        _ = await victim.authorize(house)
        let answer = await victim.signIn(page)
        #expect(answer.status == 400 && answer.heading == "This page belongs to another browser session")
        #expect(victim.cookies[Browser.session] == nil)
        let without = await Browser(server).signIn(page)
        #expect(without.status == 400 && without.header("location") == nil)
    }

    @Test(
        "a form that does not come from the page is refused", arguments: [nil, "", "x", "another page's"] as [String?])
    func forged(_ token: String?) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(house)
        let other = await browser.authorize(house)
        var fields = page.hidden.filter { $0.0 != "csrf" } + [("username", "ann"), ("password", Demo.password)]
        let value = token == "another page's" ? other.hidden.first { $0.0 == "csrf" }?.1 : token
        if let value { fields.append(("csrf", value)) }
        let answer = await browser.post(page.formAction ?? "", fields)
        #expect(answer.status == 400 && answer.heading == "This form cannot be accepted")
        #expect(browser.cookies[Browser.session] == nil)
    }

    @Test("sealed state that was changed, is old or has another purpose counts as expired")
    func sealed() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(house)
        let state = page.hidden.first { $0.0 == "state" }?.1 ?? ""
        let middle = state.index(state.startIndex, offsetBy: state.count / 2)
        let flipped = state[..<middle] + (state[middle] == "A" ? "B" : "A") + state[state.index(after: middle)...]
        let posted = await browser.postOnly("/auth/authorize", house)
        let other = String((posted.header("location") ?? "").split(separator: "=")[1])
        for value in [String(flipped), String(state.dropLast()), state + "A", "", ".", "x", other] {
            let answer = await browser.open("/auth/interaction?state=\(Form.encode(value))")
            #expect(answer.status == 400 && answer.heading == "This page has expired", "\(value)")
        }
        #expect(await browser.open("/auth/interaction?state=\(state)").heading == "Sign in")
        server.clock.advance(.seconds(3600))
        #expect(await browser.open("/auth/interaction?state=\(state)").heading == "This page has expired")
        #expect(await browser.signIn(page).heading == "This page has expired")
    }

    @Test("an approval counts once: the same form sent again gives the same code, not a second one")
    func approvedOnce() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        let first = await browser.allow(consent)
        #expect(first.query["code"] != nil)
        #expect(await browser.allow(consent).header("location") == first.header("location"))
        let back = await browser.open("/auth/interaction?state=\(consent.hidden.first { $0.0 == "state" }?.1 ?? "")")
        #expect(back.heading == "This page has expired", "the page that the back button shows")
    }

    @Test(
        "of 64 racing approvals of one page, one gives a code, and all others lead to the same place", arguments: 0..<5)
    func approvalRace(_ round: Int) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        let answers = await withTaskGroup(of: Answer.self) { group in
            for _ in 0..<64 { group.addTask { await browser.allow(consent) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.query["code"] != nil } && Set(answers.map { $0.header("location") }).count == 1)
    }

    @Test("each step is checked against the current configuration")
    func revalidates() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        var moved = Demo.web
        moved["auth"] = ["authorization_code": ["redirect_uri": "https://app.example.com/elsewhere"]]
        server.core.install(
            try await server.generation(Self.running(server), clients: [moved], users: Demo.users))
        let elsewhere = await browser.allow(consent)
        #expect(elsewhere.status == 400 && elsewhere.heading == "Unknown return address")
        server.core.install(try await server.generation(Self.running(server), clients: [], users: Demo.users))
        #expect(await browser.allow(consent).heading == "Unknown application")
        server.core.install(
            try await server.generation(Self.running(server), clients: [Demo.web], users: [Demo.users[1]]))
        #expect(await browser.allow(consent).heading == "Sign in", "the person is gone, and so is the session")
    }

    /// All plugins, on the store that the server already has.
    private static func running(_ server: TestServer) -> [PluginSetup] {
        Plugins.all
    }

    @Test("two tabs at once both finish")
    func twoTabs() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = await browser.authorize(Demo.request([("state", "tab-1")]))
        let second = await browser.authorize(Demo.request([("state", "tab-2")]))
        let consent = await browser.signIn(first)
        #expect(await browser.allow(consent).query["state"] == "tab-1")
        // The second tab still shows the sign-in page, and signing in there counts.
        let landed = await browser.signIn(second)
        #expect(landed.query["state"] == "tab-2" && landed.query["code"] != nil)
        let third = await browser.authorize(Demo.request([("state", "tab-3")]))
        #expect(third.query["state"] == "tab-3" && third.query["code"] != nil)
    }

    @Test("two tabs that both ask for a sign-in both accept it", arguments: [nil, "login"])
    func tabsThatSignIn(_ prompt: String?) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let first = await browser.authorize(Demo.request([("state", "one"), ("prompt", prompt)]))
        let second = await browser.authorize(Demo.request([("state", "two"), ("prompt", prompt)]))
        let firstConsent = await browser.signIn(first)
        server.clock.advance(.seconds(5))
        let secondConsent = await browser.signIn(second)
        #expect(await browser.allow(firstConsent).query["state"] == "one", "it continues under the later session")
        #expect(await browser.allow(secondConsent).query["state"] == "two")
    }

    @Test("a consent page shown to one user does not accept the answer of another")
    func otherPerson() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        #expect(consent.html.contains("Ann Lee"))
        // Another user signs in in another tab.
        _ = await browser.signIn(await browser.authorize(house + [("prompt", "login")]), "bob")
        let answer = await browser.allow(consent)
        #expect(answer.status == 200 && answer.query["code"] == nil)
        #expect(answer.heading == "Sign in", "the session that this page began is over")
    }

    @Test("a user who is signed in with the wrong account can change it")
    func switches() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        let signIn = await browser.submit(consent, [("decision", "switch")])
        #expect(signIn.heading == "Sign in")
        let other = await browser.signIn(signIn, "bob")
        #expect(other.html.contains("bob") && !other.html.contains("Ann Lee"))
        let landed = await browser.allow(other)
        let tokens = await server.redeem(landed.query["code"] ?? "")
        #expect(server.keys.verify(tokens["id_token"] ?? "", type: "JWT")?.claims["sub"] == "bob")
    }

    @Test(
        "an essential authentication class is reached, or the request fails",
        .clause("OpenID Connect Core section 5.5.1.1"))
    func essentialClass() async throws {
        let claims = #"{"id_token":{"acr":{"essential":true,"values":["urn:example:high"]}}}"#
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await server.code(in: browser)
        let silent = await browser.authorize(house + [("claims", claims), ("prompt", "none")])
        #expect(silent.query["error"] == "login_required", "the session is not of that class")
        let landed = await browser.signIn(await browser.authorize(house + [("claims", claims)]))
        #expect(landed.query["error"] == "unmet_authentication_requirements" && landed.query["code"] == nil)
        let high = try await Demo.server(Self.highClass)
        #expect(await high.code([("claims", claims)]).query["code"] != nil)
    }

    private static var highClass: [PluginSetup] {
        Plugins.all.map { setup in
            setup.type.manifest.id == "password-login" ? PluginSetup(setup.type, ["acr": "urn:example:high"]) : setup
        }
    }

    @Test("a later sign-in in another tab counts only if it reaches the required class")
    func laterClass() async throws {
        let claims = #"{"id_token":{"acr":{"essential":true,"values":["urn:example:high"]}}}"#
        let server = try await Demo.server(Self.highClass)
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request([("claims", claims)])))
        #expect(consent.html.contains("Ann Lee"))
        // The class of a password is lowered, and the user signs in again.
        server.core.install(
            try await server.generation(Plugins.all, clients: [Demo.web, Demo.house], users: Demo.users))
        _ = await browser.signIn(await browser.authorize(house + [("prompt", "login")]))
        let answer = await browser.allow(consent)
        #expect(answer.query["code"] == nil && answer.heading == "Sign in")
    }

    @Test(
        "max_age=0 asks the user to sign in, even within the same second",
        .clause("OpenID Connect Core section 3.1.2.1"))
    func maxAgeZero() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        _ = await server.code(in: browser)
        let page = await browser.authorize(house + [("max_age", "0")])
        #expect(page.heading == "Sign in")
        #expect(await browser.signIn(page).query["code"] != nil)
    }

    @Test("scripts of other origins can read nothing where users sign in", .clause("RFC 9700 section 2.6"))
    func otherOrigins() async throws {
        var client = Demo.house
        client["allowed_origins"] = ["https://app.example.com"]
        let server = try await Demo.server(clients: [client])
        let query = house.map { "\($0.0)=\(Form.encode($0.1))" }.joined(separator: "&")
        let origin = [(name: "origin", value: "https://app.example.com")]
        for path in ["/auth/authorize", "/auth/interaction"] {
            let answer = await server.send("GET", path, query: query, headers: origin)
            #expect(answer.header("access-control-allow-origin") == nil && answer.html.contains("<h1>"))
            let asked = await server.send(
                "OPTIONS", path, headers: origin + [("access-control-request-method", "GET")])
            #expect(asked.status == 405)
        }
    }

    @Test("a request that is too long for a page is refused")
    func tooLongToTravel() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let long = String(repeating: "s", count: 4000)
        let claims = #"{"userinfo":{"\#(String(repeating: "n", count: 3900))":null}}"#
        let answer = await browser.authorize(
            Demo.request([("state", long), ("claims", claims), ("nonce", String(long.prefix(2000)))]))
        #expect(answer.landing == Demo.callback && answer.query["error"] == "invalid_request", "the client is told")
        let posted = await browser.postOnly(
            "/auth/authorize", Demo.request([("x", String(repeating: "x", count: 20_000))]))
        #expect(posted.status == 400)
    }

    @Test("with a failing store, a page says so, and no code is issued")
    func storeFails() async throws {
        let plugins = [PluginSetup(CountingStore.self)] + Plugins.all.dropFirst()
        let server = try await Demo.server(plugins)
        let store = try #require(server.countingStore)
        let browser = Browser(server)
        let consent = await browser.signIn(await browser.authorize(Demo.request()))
        store.fail(true)
        let answer = await browser.allow(consent)
        #expect(answer.status == 503 && answer.heading == "Not available right now")
        store.fail(false)
        #expect(await browser.allow(consent).query["code"] != nil)
    }

    @Test("no log line contains a password, a cookie, a code or a sealed state")
    func quietLog() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await browser.authorize(Demo.request())
        let wrong = await browser.signIn(page, "ann", "not the password")
        let consent = await browser.signIn(wrong)
        let code = await browser.allow(consent).query["code"] ?? ""
        let tokens = await server.redeem(code)
        let secrets =
            [code, Demo.password, "not the password", tokens["access_token"], tokens["id_token"]].compactMap(\.self)
            + browser.cookies.values + consent.hidden.map(\.1)
        for line in server.log.lines { #expect(!secrets.contains { line.contains($0) }, "\(line)") }
    }
}
