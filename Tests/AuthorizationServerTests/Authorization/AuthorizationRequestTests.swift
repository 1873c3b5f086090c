// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import ServerHTTP
import Support
import Testing

@Suite("Authorization requests and responses (RFC 6749 sections 4.1.1 and 4.1.2)", .timeLimit(.minutes(10)))
struct AuthorizationRequestTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let changes: [(String, String?)]
        let error: String
        var testDescription: String { rule }

        init(_ rule: String, _ changes: [(String, String?)], _ error: String) {
            self.rule = rule
            self.changes = changes
            self.error = error
        }
    }

    @Test(
        "nothing is redirected before the client is known", .clause("RFC 6749 section 4.1.2.1"),
        arguments: [nil, "", "nobody", "WEB", "we\u{212A}", "service\u{0301}"] as [String?])
    func unknownClient(_ id: String?) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Demo.request([("client_id", id)]))
        #expect(answer.status == 400 && answer.heading == "Unknown application" && answer.header("location") == nil)
    }

    @Test("a repeated client ID or redirect URI is not accepted", arguments: ["client_id", "redirect_uri"])
    func ambiguous(_ name: String) async throws {
        let server = try await Demo.server()
        let request = Demo.request()
        let again = request.filter { $0.0 == name }
        let answer = await Browser(server).authorize(request + again)
        #expect(answer.status == 400 && answer.header("location") == nil)
    }

    @Test("a client without redirect URIs gets no redirect")
    func withoutRedirects() async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Demo.request([("client_id", "service")]))
        #expect(answer.status == 400 && answer.header("location") == nil)
    }

    @Test(
        "once client and redirect URI are valid, errors go to the client",
        .clause("RFC 6749 section 4.1.2.1"),
        arguments: [
            .init("no response type", [("response_type", nil)], "invalid_request"),
            .init("an empty response type", [("response_type", "")], "invalid_request"),
            .init("an unknown response type", [("response_type", "magic")], "unsupported_response_type"),
            .init("one known word, one unknown", [("response_type", "code magic")], "unsupported_response_type"),
            .init("a response type that is not loaded", [("response_type", "token")], "unsupported_response_type"),
            .init("the response type in capitals", [("response_type", "CODE")], "unsupported_response_type"),
            .init("a malformed scope", [("scope", "openid \"x\"")], "invalid_scope"),
            .init("nothing of the scope is allowed", [("scope", "admin")], "invalid_scope"),
            .init(
                "too many scope words", [("scope", (0...64).map { "s\($0)" }.joined(separator: " "))],
                "invalid_scope"),
            .init("an audience that is not allowed", [("audience", "https://evil.example")], "invalid_target"),
            .init(
                "an audience that is very long", [("audience", String(repeating: "a", count: 300))], "invalid_request"),
            .init("an unknown response mode", [("response_mode", "web_message")], "invalid_request"),
            .init("an unknown prompt", [("prompt", "magic")], "invalid_request"),
            .init("none beside another prompt", [("prompt", "none login")], "invalid_request"),
            .init("max_age is no number", [("max_age", "soon")], "invalid_request"),
            .init("max_age is negative", [("max_age", "-1")], "invalid_request"),
            .init("claims is no JSON", [("claims", "{")], "invalid_request"),
            .init("claims is no object", [("claims", "[]")], "invalid_request"),
            .init("claims holds no objects", [("claims", #"{"userinfo":"name"}"#)], "invalid_request"),
            .init(
                "a hint and a claim for two people",
                [("claims", #"{"id_token":{"sub":{"value":"bob"}}}"#), ("id_token_hint", "x")],
                "invalid_request"),
            .init("a hint that nobody signed", [("id_token_hint", "a.b.c")], "invalid_request"),
            .init("a state that is too long", [("state", String(repeating: "s", count: 5000))], "invalid_request"),
            .init("a nonce that is too long", [("nonce", String(repeating: "n", count: 5000))], "invalid_request"),
        ] as [Case])
    func refused(_ row: Case) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Demo.request(row.changes))
        #expect(answer.status == 303 && answer.landing == Demo.callback, "\(row.rule): \(answer.html)")
        #expect(answer.query["error"] == row.error, "\(row.rule)")
        #expect(answer.query["iss"] == "https://id.example.com" && answer.query["code"] == nil)
        let description = answer.query["error_description"] ?? ""
        #expect(description.utf8.allSatisfy { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C })
        if row.changes.first?.0 != "state" { #expect(answer.query["state"] == "s-1") }
    }

    @Test("a repeated parameter is refused, whichever it is", .clause("RFC 6749 section 3.1"))
    func twice() async throws {
        let server = try await Demo.server()
        for name in ["response_type", "scope", "state", "nonce", "code_challenge", "response_mode", "prompt"] {
            let request = Demo.request([("response_mode", "query"), ("prompt", "login")])
            let again = request.filter { $0.0 == name }
            let answer = await Browser(server).authorize(request + again)
            #expect(answer.query["error"] == "invalid_request", "\(name)")
        }
    }

    @Test("a client that may not use the grant is told so", .clause("RFC 6749 section 4.1.2.1"))
    func unauthorized() async throws {
        var client = Demo.web
        client["grant_types"] = ["client_credentials"]
        client["auth"] = ["authorization_code": ["redirect_uri": .string(Demo.callback)]]
        let server = try await Demo.server(clients: [client])
        let answer = await Browser(server).authorize(Demo.request())
        #expect(answer.status == 400 || answer.query["error"] == "unauthorized_client")
        #expect(answer.query["code"] == nil)
    }

    @Test(
        "a response is sent in the mode that the client asked for: query, fragment or form",
        .clause("OAuth 2.0 Form Post Response Mode section 2"), arguments: ["query", "fragment", "form_post", nil])
    func modes(_ mode: String?) async throws {
        let server = try await Demo.server()
        let answer = await server.code([("response_mode", mode)])
        switch mode {
        case "fragment":
            #expect(answer.fragment["code"] != nil && answer.fragment["state"] == "s-1" && answer.query.isEmpty)
        case "form_post":
            #expect(answer.status == 200 && answer.formAction == Demo.callback)
            let fields = Dictionary(answer.hidden, uniquingKeysWith: { first, _ in first })
            #expect(Set(fields.keys) == ["code", "state", "iss"] && fields["state"] == "s-1")
            let policy = answer.header("content-security-policy") ?? ""
            #expect(!policy.contains("form-action"), "the client's own redirects may follow")
            #expect(policy.contains("script-src 'self'") && !policy.contains("unsafe"))
        default:
            #expect(answer.query["code"] != nil && answer.query["state"] == "s-1" && answer.fragment.isEmpty)
        }
    }

    @Test("an error is delivered in the same way", arguments: ["query", "fragment", "form_post"])
    func errorModes(_ mode: String) async throws {
        let server = try await Demo.server()
        let answer = await Browser(server).authorize(Demo.request([("response_mode", mode), ("prompt", "none")]))
        let fields = Dictionary(answer.hidden, uniquingKeysWith: { first, _ in first })
        let found = [answer.query, answer.fragment, fields].compactMap { $0["error"] }
        #expect(found == ["login_required"])
    }

    @Test("every response names its issuer", .clause("RFC 9207 section 2"))
    func issuer() async throws {
        let server = try await Demo.server()
        #expect(await server.code().query["iss"] == "https://id.example.com")
        #expect(await server.code([("state", nil)]).query["iss"] == "https://id.example.com")
        let document = await server.send("GET", "/.well-known/oauth-authorization-server")
        #expect(document.json["authorization_response_iss_parameter_supported"] == true)
    }

    @Test("'state' comes back unchanged, whatever it contains", .clause("RFC 6749 section 4.1.2"))
    func state() async throws {
        let server = try await Demo.server()
        for state in ["a b+c&d=e#f%20g", "\u{1F511} \u{202E}", "\"><script>", String(repeating: "s", count: 4096)] {
            let landed = await server.code([("state", state)])
            #expect(landed.query["state"] == state)
        }
        #expect(await server.code([("state", nil)]).query["state"] == nil)
    }

    @Test("a request may be posted as a form, and the response redirects to its sealed copy")
    func posted() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let answer = await browser.postOnly("/auth/authorize", Demo.request([("client_id", "house")]))
        let location = try #require(answer.header("location"))
        #expect(answer.status == 303 && location.hasPrefix("/auth/authorize?posted="))
        #expect(!location.contains("house"))
        let landed = await browser.signIn(await browser.open(location))
        #expect(landed.query["code"] != nil && landed.query["state"] == "s-1")
        let changed = await browser.open(location + "x")
        #expect(changed.status == 400 && changed.heading == "This page has expired")
    }

    @Test("the name that carries such a request is an ordinary parameter if other parameters are present")
    func ownParameter() async throws {
        let server = try await Demo.server()
        #expect(await server.code([("posted", "x")]).query["code"] != nil)
    }

    @Test("a form with parameters in the query, or with another content type, is refused on a page")
    func malformedForm() async throws {
        let server = try await Demo.server()
        let typed = await server.send(
            "POST", "/auth/authorize", headers: [("content-type", "application/json")], body: Array("{}".utf8))
        #expect(typed.status == 400 && typed.html.contains("<h1>"))
        let queried = await server.send(
            "POST", "/auth/authorize", query: "client_id=web",
            headers: [("content-type", "application/x-www-form-urlencoded")])
        #expect(queried.status == 400 && queried.html.contains("<h1>"))
    }

    @Test("a scope value that the client may not have is dropped, and the response names the rest")
    func dropsScope() async throws {
        let server = try await Demo.server()
        let landed = await server.code([("scope", "openid admin read")])
        let answer = await server.redeem(landed.query["code"] ?? "", as: ("house", Demo.secret))
        #expect(answer["scope"] == "openid read")
    }

    @Test("without 'scope', the client gets its registered scope except for values that must be requested")
    func withoutScope() async throws {
        let server = try await Demo.server()
        let landed = await server.code([("scope", nil)])
        let answer = await server.redeem(landed.query["code"] ?? "", as: ("house", Demo.secret))
        #expect(answer["scope"] == "profile email address phone read" && answer["id_token"] == nil)
    }

    @Test("pages load nothing from elsewhere and cannot be framed, cached or leaked", .clause("RFC 9700 section 4.16"))
    func headers() async throws {
        let server = try await Demo.server()
        let browser = Browser(server)
        let signIn = await browser.authorize(Demo.request())
        let consent = await browser.signIn(signIn)
        let error = await browser.authorize(Demo.request([("client_id", "nobody")]))
        for page in [signIn, consent, error] {
            let policy = page.header("content-security-policy") ?? ""
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(policy.contains("base-uri 'none'") && !policy.contains("unsafe") && !policy.contains("script-src"))
            #expect(page.header("x-frame-options") == "DENY" && page.header("cache-control") == "no-store")
            #expect(page.header("referrer-policy") == "no-referrer")
        }
        #expect(
            signIn.header("content-security-policy")?.contains("form-action 'self';") == true)
    }

    @Test("each error page has its own message")
    func kinds() async throws {
        let pages = try Pages()
        var titles: Set<String> = []
        for kind in ["", "client", "redirect_uri", "expired", "cookie", "csrf", "unavailable", "server", "not_found"] {
            let html = String(
                decoding: try pages.render("error", ["kind": .string(kind), "code": "c"]).html, as: UTF8.self)
            let title = try #require(html.firstMatch(of: /<h1>([^<]+)<\/h1>\s*<p>[^<]+<\/p>/))
            titles.insert(String(title.1))
        }
        #expect(titles.count == 9)
        #expect(throws: Pages.Problem.self) { _ = try pages.render("nothing", [:]) }
    }

    @Test("a folder can add the page of a plugin's step and replace other pages")
    func folder() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pages-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let template = folder.appending(path: "one_time_code.mustache")
        try Data("<h1>{{title}}</h1><p>{{hint}}</p>".utf8).write(to: template)
        let pages = try Pages(replacedBy: folder.path)
        let html = String(
            decoding: try pages.render("one_time_code", ["title": "Code", "hint": "<6"]).html, as: UTF8.self)
        #expect(html == "<h1>Code</h1><p>&lt;6</p>")
        #expect(try !pages.render("sign_in", [:]).html.isEmpty)
        try Data("{{#open}}".utf8).write(to: template)
        #expect(throws: Pages.Problem.self) { _ = try Pages(replacedBy: folder.path) }
    }

    @Test("the files of pages have names that change with their content")
    func assets() async throws {
        let server = try await Demo.server()
        let page = await Browser(server).authorize(Demo.request())
        let style = try #require(page.html.firstMatch(of: /href="(\/auth\/assets\/style-[a-z0-9]+\.css)"/))
        let answer = await server.send("GET", String(style.1))
        #expect(answer.status == 200 && answer.header("content-type") == "text/css; charset=utf-8")
        #expect(answer.header("cache-control")?.contains("immutable") == true)
        #expect(await server.send("GET", "/auth/assets/style.css").status == 404)
    }
}
