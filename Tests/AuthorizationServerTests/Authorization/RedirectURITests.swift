// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Redirect URIs (RFC 6749 section 3.1.2, RFC 8252, RFC 9700 section 2.1)", .timeLimit(.minutes(10)))
struct RedirectURITests {
    private func client(_ uris: JSON) -> JSON {
        var client = Demo.house
        client["auth"] = ["authorization_code": ["redirect_uri": uris]]
        return client
    }

    private func server(_ uris: JSON) async throws -> TestServer {
        try await Demo.server(clients: [client(uris)])
    }

    private func request(_ uri: String?) -> [(String, String)] {
        Demo.request([("client_id", "house"), ("redirect_uri", uri)])
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let rule: String
        let uri: String
        var testDescription: String { rule }

        init(_ rule: String, _ uri: String) {
            self.rule = rule
            self.uri = uri
        }
    }

    static let registered = "https://app.example.com/callback?tenant=1"

    /// Redirect URIs that are similar to the registered one, or look like it and lead elsewhere.
    static let hostile: [Case] = [
        .init("another host", "https://evil.example/callback?tenant=1"),
        .init("a host below", "https://x.app.example.com/callback?tenant=1"),
        .init("a host that starts alike", "https://app.example.com.evil.example/callback?tenant=1"),
        .init("a host that ends alike", "https://evilapp.example.com/callback?tenant=1"),
        .init("a dot behind the host", "https://app.example.com./callback?tenant=1"),
        .init("the host in capitals", "https://APP.example.com/callback?tenant=1"),
        .init("the scheme in capitals", "HTTPS://app.example.com/callback?tenant=1"),
        .init("another scheme", "http://app.example.com/callback?tenant=1"),
        .init("no scheme", "//app.example.com/callback?tenant=1"),
        .init("the default port", "https://app.example.com:443/callback?tenant=1"),
        .init("another port", "https://app.example.com:8443/callback?tenant=1"),
        .init("a user name", "https://app.example.com@evil.example/callback?tenant=1"),
        .init("a user name before the host", "https://evil@app.example.com/callback?tenant=1"),
        .init("a longer path", "https://app.example.com/callback/more?tenant=1"),
        .init("a shorter path", "https://app.example.com/?tenant=1"),
        .init("a slash behind the path", "https://app.example.com/callback/?tenant=1"),
        .init("two slashes", "https://app.example.com//callback?tenant=1"),
        .init("the path in capitals", "https://app.example.com/Callback?tenant=1"),
        .init("a way up", "https://app.example.com/callback/../callback?tenant=1"),
        .init("an encoded way up", "https://app.example.com/x/%2e%2e/callback?tenant=1"),
        .init("an encoded letter", "https://app.example.com/c%61llback?tenant=1"),
        .init("a backslash", "https://app.example.com\\callback?tenant=1"),
        .init("a backslash before another host", "https://evil.example\\@app.example.com/callback?tenant=1"),
        .init("no query", "https://app.example.com/callback"),
        .init("another query", "https://app.example.com/callback?tenant=2"),
        .init("more query", "https://app.example.com/callback?tenant=1&x=2"),
        .init("an injected code", "https://app.example.com/callback?tenant=1&code=stolen"),
        .init("a fragment", "https://app.example.com/callback?tenant=1#x"),
        .init("an empty fragment", "https://app.example.com/callback?tenant=1#"),
        .init("a space behind it", "https://app.example.com/callback?tenant=1 "),
        .init("a space before it", " https://app.example.com/callback?tenant=1"),
        .init("a line feed", "https://app.example.com/callback?tenant=1\n"),
        .init("a header", "https://app.example.com/callback?tenant=1\r\nset-cookie: a=b"),
        .init("a tab in the scheme", "ht\ttps://app.example.com/callback?tenant=1"),
        .init("two at once", "https://app.example.com/callback?tenant=1 https://evil.example"),
        .init("a comma list", "https://app.example.com/callback?tenant=1,https://evil.example"),
        .init("a script", "javascript:alert(1)//https://app.example.com/callback?tenant=1"),
        .init("data", "data:text/html,<script>alert(1)</script>"),
        .init("nothing but a path", "/callback?tenant=1"),
        .init("a pattern", "https://*.example.com/callback?tenant=1"),
        .init("a letter that looks alike", "https://app.example.com/c\u{430}llback?tenant=1"),
        .init("the Kelvin sign for a K", "https://app.example.com/callbac\u{212A}?tenant=1"),
        .init("a full-width letter", "https://\u{FF41}pp.example.com/callback?tenant=1"),
        .init("a right-to-left mark", "https://app.example.com/\u{202E}callback?tenant=1"),
        .init("the address in another notation", "https://0x7f000001/callback?tenant=1"),
        .init("very long", "https://app.example.com/callback?tenant=1" + String(repeating: "a", count: 3000)),
    ]

    @Test(
        "a redirect URI that is not registered byte for byte gets an error page",
        .clause("RFC 9700 section 2.1"), arguments: hostile)
    func refuses(_ row: Case) async throws {
        let server = try await server(.string(Self.registered))
        let answer = await Browser(server).authorize(request(row.uri))
        #expect(answer.status == 400 && answer.header("location") == nil, "\(row.rule)")
        #expect(answer.heading == "Unknown return address", "\(row.rule)")
        #expect(!answer.html.contains("evil"), "\(row.rule)")
    }

    @Test("the registered URI is used verbatim, and its query is kept", .clause("RFC 6749 section 3.1.2"))
    func accepts() async throws {
        let server = try await server(.string(Self.registered))
        let browser = Browser(server)
        let landed = await browser.signIn(await browser.authorize(request(Self.registered)))
        #expect(landed.header("location")?.hasPrefix(Self.registered + "&code=") == true)
    }

    @Test(
        "only the port of a loopback address may differ", .clause("RFC 8252 section 7.3"),
        arguments: [
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback", true),
            ("http://127.0.0.1:8000/callback", "http://127.0.0.1:49152/callback", true),
            ("http://[::1]/callback", "http://[::1]:49152/callback", true),
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/other", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:49152/callback?x=1", false),
            ("http://127.0.0.1/callback", "http://[::1]:49152/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.2:49152/callback", false),
            ("http://127.0.0.1/callback", "http://localhost:49152/callback", false),
            ("http://localhost/callback", "http://localhost:49152/callback", false),
            ("http://127.0.0.1/callback", "https://127.0.0.1:49152/callback", false),
            ("https://127.0.0.1/callback", "https://127.0.0.1:49152/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:0/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:65536/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1:80@evil.example/callback", false),
            ("http://127.0.0.1/callback", "http://127.0.0.1.evil.example/callback", false),
            ("http://127.0.0.1/callback", "HTTP://127.0.0.1:49152/callback", false),
            ("com.example.app:/callback", "com.example.app:/callback", true),
            ("com.example.app:/callback", "com.example.app:/other", false),
        ])
    func loopback(registered: String, requested: String, isTaken: Bool) async throws {
        let server = try await server(.string(registered))
        let browser = Browser(server)
        let page = await browser.authorize(request(requested))
        #expect((page.heading == "Sign in") == isTaken)
        guard isTaken else { return }
        let landed = await browser.signIn(page)
        #expect(landed.landing == requested && landed.query["code"] != nil)
        let code = landed.query["code"] ?? ""
        let other = await server.redeem(code, [("redirect_uri", registered + "x")], as: ("house", Demo.secret))
        #expect(other.error == "invalid_grant")
        let right = await server.redeem(code, [("redirect_uri", requested)], as: ("house", Demo.secret))
        #expect(right.status == 200)
    }

    @Test(
        "several URIs may be registered: in one string, separated by commas, or in a list",
        arguments: [
            "https://a.example/cb, https://b.example/cb", ["https://a.example/cb", "https://b.example/cb"],
        ] as [JSON])
    func several(_ uris: JSON) async throws {
        let server = try await server(uris)
        for uri in ["https://a.example/cb", "https://b.example/cb"] {
            #expect(await Browser(server).authorize(request(uri)).heading == "Sign in")
        }
        let missing = await Browser(server).authorize(request(nil))
        #expect(missing.status == 400 && missing.heading == "Unknown return address", "there is a choice")
    }

    @Test("it may be omitted if exactly one is registered, and then at the token endpoint too")
    func leftOut() async throws {
        let server = try await server("https://a.example/cb")
        for sent in [nil, "https://a.example/cb"] as [String?] {
            let browser = Browser(server)
            let landed = await browser.signIn(await browser.authorize(request(nil)))
            #expect(landed.landing == "https://a.example/cb")
            let answer = await server.redeem(
                landed.query["code"] ?? "", [("redirect_uri", sent)], as: ("house", Demo.secret))
            #expect(answer.status == 200)
        }
        let sent = await server.code([("redirect_uri", "https://a.example/cb")])
        let omitted = await server.redeem(
            sent.query["code"] ?? "", [("redirect_uri", nil)], as: ("house", Demo.secret))
        #expect(omitted.error == "invalid_grant", "RFC 6749 section 4.1.3: what was sent has to be repeated")
    }

    @Test(
        "an invalid redirect URI is not registered",
        arguments: [
            .init("http to another machine", "http://a.example/cb"),
            .init("a scheme that is no domain in reverse", "myapp:/cb"), .init("a telephone", "tel:123"),
            .init("a fragment", "https://a.example/cb#x"), .init("no scheme", "a.example/cb"),
            .init("a script", "javascript:alert(1)"), .init("data", "data:text/html,x"),
            .init("a file", "file:///etc/passwd"), .init("a user name", "https://x@a.example/cb"),
            .init("a pattern for the host", "https://*.example/cb"), .init("a way up", "https://a.example/x/../cb"),
            .init("an encoded way up", "https://a.example/x/%2E%2e/cb"), .init("no host", "https:///cb"),
            .init("a space", "https://a.example/c b"), .init("nothing", ""),
            .init("a port of letters", "https://a.example:http/cb"), .init("a scheme alone", "com.example.app:"),
            .init("a backslash", "https:\\\\a.example\\cb"), .init("quotes", "https://a.example/\"onload=\"x"),
        ] as [Case])
    func unregistrable(_ row: Case) async throws {
        await #expect(throws: ConfigurationError.self, "\(row.rule)") { _ = try await server(.string(row.uri)) }
        await #expect(throws: ConfigurationError.self, "\(row.rule)") {
            _ = try await server(.strings([row.uri, "https://a.example/cb"]))
        }
    }

    @Test(
        "whatever the redirect URI, a page with an input field allows no other origin in its policy",
        .clause("RFC 8252 section 7.3"),
        arguments: [
            "http://[::1]:5000/callback", "https://10.0.0.5/callback", "http://127.0.0.1:5000/callback",
            "https://a.example/cb", "com.example.app:/callback", "https://[2001:db8::1]/cb",
        ])
    func policy(_ uri: String) async throws {
        let server = try await server(.string(uri))
        let page = await Browser(server).authorize(request(uri))
        let policy = page.header("content-security-policy") ?? ""
        #expect(policy.contains("form-action 'self';"), "\(policy)")
    }

    @Test("a client that may get codes must register a redirect URI")
    func required() async throws {
        var client = Demo.house
        client["auth"] = ["authorization_code": [:]]
        await #expect(throws: ConfigurationError.self) { _ = try await Demo.server(clients: [client]) }
        client["redirect_uri"] = "https://a.example/cb"
        let server = try await Demo.server(clients: [client])
        #expect(await Browser(server).authorize(request("https://a.example/cb")).heading == "Sign in")
    }
}
