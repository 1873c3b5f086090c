// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import OutsideText
import Support
import Testing

@Suite("Pages show values as text, no matter who wrote them", .timeLimit(.minutes(10)))
struct HostileTextTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let text: String
        var testDescription: String { rule }

        init(_ rule: String, _ text: String) {
            self.rule = rule
            self.text = text
        }
    }

    static let corpus: [Case] =
        [
            .init("an element", "<script>alert(1)</script>"),
            .init("out of an attribute", "\"><img src=x onerror=alert(1)>"),
            .init("out of a single-quoted attribute", "'><svg onload=alert(1)>"),
            .init("an event handler", "\" autofocus onfocus=alert(1) x=\""),
            .init("a single-quoted event handler", "' autofocus onfocus='alert(1)"),
            .init("the end of a comment", "--><script>alert(1)</script><!--"),
            .init("the end of a title", "</title><script>alert(1)</script>"),
            .init("the end of a style", "</style><script>alert(1)</script>"),
            .init("an encoded element", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            .init("a numbered element", "&#60;script&#62;alert(1)&#60;/script&#62;"),
            .init("a template", "{{csrf}}{{{csrf}}}{{#text}}x{{/text}}{{> error}}"),
            .init("a delimiter of templates", "{{=<% %>=}}<%csrf%>"),
            .init("a template of another kind", "${7*7}#{7*7}<%= 7*7 %>"),
            .init("capitals", "<ScRiPt>alert(1)</sCrIpT>"), .init("a half element", "<img src=x onerror=alert(1) "),
            .init("a backtick", "`onmouseover=alert(1)`"),
            .init("line breaks", "a\r\nset-cookie: x=y\r\n\r\n<script>alert(1)</script>"),
            .init("a form", "</form><form action=https://evil.example><input name=password>"),
            .init("a base", "<base href=https://evil.example/>"),
            .init("a refresh", "<meta http-equiv=refresh content=0;url=https://evil.example>"),
            .init("direction marks", "\u{202E}<script>alert(1)</script>"),
            .init("a full-width element", "\u{FF1C}script\u{FF1E}"),
        ] + HostileMark.all.flatMap { mark in mark.texts.map { Case("\(mark) \($0.side)", $0.text) } }

    /// The structure of a page for a browser: its tags with the names of their attributes, in order.
    ///
    /// A browser reads bytes: what Swift calls one `Character` can be a `<` and a combining mark.
    private func structure(_ page: Answer) -> [String] { Markup.structure(page.body) }

    private static let plain = "plain"

    @Test("a login hint, a typed name, a state and a nonce", arguments: corpus)
    func reflected(_ row: Case) async throws {
        let server = try await Demo.server()
        func pages(_ text: String) async -> [Answer] {
            let browser = Browser(server)
            let hint = await browser.authorize(
                Demo.request([("login_hint", text), ("state", text), ("nonce", text)]))
            return [hint, await browser.signIn(hint, text, text)]
        }
        let (hostile, plain) = (await pages(row.text), await pages(Self.plain))
        for (page, other) in zip(hostile, plain) {
            #expect(page.heading == "Sign in" && structure(page) == structure(other), "\(row.rule): \(page.html)")
        }
    }

    @Test("the fields of a self-submitting form", arguments: corpus)
    func formPost(_ row: Case) async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let page = await server.code([("response_mode", "form_post"), ("state", row.text)], in: browser)
        let other = await server.code([("response_mode", "form_post"), ("state", Self.plain)], in: browser)
        #expect(page.formAction == Demo.callback && structure(page) == structure(other), "\(row.rule): \(page.html)")
        #expect(page.hidden.first { $0.0 == "state" }?.1 == row.text, "\(row.rule): \(page.html)")
    }

    @Test("every parameter of a request that is refused on a page", arguments: corpus)
    func errors(_ row: Case) async throws {
        let server = try await Demo.server()
        let other = await Browser(server).authorize(Demo.request([("client_id", "nobody")]))
        for name in ["client_id", "redirect_uri", "response_type", "state", "scope"] {
            let page = await Browser(server).authorize(Demo.request([("client_id", "nobody"), (name, row.text)]))
            #expect(page.status == 400 && structure(page) == structure(other), "\(row.rule), \(name)")
            #expect(!page.html.contains(row.text), "an error page shows nothing of the request")
        }
        let page = await Browser(server).open("/auth/interaction?state=\(Form.encode(row.text))")
        #expect(page.status == 400 && structure(page) == structure(other))
    }

    @Test("the names of clients, users and scope values", arguments: corpus)
    func names(_ row: Case) async throws {
        func pages(_ text: String) async throws -> [Answer] {
            var client = Demo.web
            client["name"] = .string(text)
            let word = String(text.filter { Scope.isWord(String($0)) })
            client["scope"] = .strings(["openid", word])
            let user: JSON = ["id": "ann", "password": .string(Demo.password), "data": ["name": .string(text)]]
            let server = try await TestServer(
                Plugins.all, clients: [client], users: [user], passwords: CountingPasswords())
            let browser = Browser(server)
            let signIn = await browser.authorize(Demo.request([("scope", "openid \(word)")]))
            return [signIn, await browser.signIn(signIn)]
        }
        guard ShownText.isAllowed(row.text) else {
            await #expect(throws: ConfigurationError.self) { _ = try await pages(row.text) }
            return
        }
        let (hostile, plain) = (try await pages(row.text), try await pages(Self.plain))
        #expect(plain[1].html.contains("name=\"decision\""))
        for (page, other) in zip(hostile, plain) {
            #expect(structure(page) == structure(other), "\(row.rule): \(page.html)")
        }
    }

    @Test(
        "links of a client only lead to web URLs",
        arguments: ["client_uri", "logo_uri", "policy_uri", "tos_uri"])
    func links(_ member: String) async throws {
        for address in [
            "javascript:alert(1)", "data:text/html,x", "//evil.example", "https://x\" onclick=\"alert(1)", "",
        ] {
            var client = Demo.web
            client[member] = .string(address)
            await #expect(throws: ConfigurationError.self) { _ = try await Demo.server(clients: [client]) }
        }
        var client = Demo.web
        client[member] = "https://app.example.com/about"
        let server = try await Demo.server(clients: [client])
        let page = await Browser(server).authorize(Demo.request())
        #expect(page.html.contains("\"https://app.example.com/about\""))
    }
}
