// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import Support
import Testing

@Suite("Every refusal names the client", .timeLimit(.minutes(10)))
struct RefusalLogTests {
    private func refused(_ server: TestServer) -> String {
        server.log.lines.last { $0.contains("refused") } ?? ""
    }

    /// Requests to be refused, as query or form, with the client 'web' or an unregistered one.
    static let requests: [(method: String, path: String, form: [(String, String)], names: [String])] = [
        (
            "GET", "/auth/authorize", Demo.request([("redirect_uri", "https://app.example.com/other/")]),
            ["client_id=web", "redirect_uri=https://app.example.com/other/"]
        ),
        (
            "GET", "/auth/authorize", Demo.request([("client_id", "stranger")]),
            ["client_id=stranger", "redirect_uri=\(Demo.callback)"]
        ),
        ("GET", "/auth/authorize", Demo.request([("response_type", "nothing")]), ["client_id=web"]),
        (
            "GET", "/auth/authorize", Demo.request([("scope", String(repeating: "a ", count: 70))]),
            ["client_id=web", "redirect_uri=\(Demo.callback)"]
        ),
        ("POST", "/auth/token", [("grant_type", "nothing"), ("client_id", "web")], ["client_id=web"]),
        (
            "POST", "/auth/token",
            [
                ("grant_type", "client_credentials"), ("client_id", "stranger"),
                ("client_secret", "a secret of nobody"),
            ], ["client_id=stranger"]
        ),
        ("POST", "/auth/token", [("grant_type", "authorization_code"), ("client_id", "web")], ["client_id=web"]),
        ("POST", "/auth/introspect", [("client_id", "stranger"), ("token", "t")], ["client_id=stranger"]),
        ("POST", "/auth/revoke", [("client_id", "web")], ["client_id=web"]),
    ]

    @Test("the log names the client, at every endpoint", arguments: requests)
    func namesClient(_ request: (method: String, path: String, form: [(String, String)], names: [String])) async throws
    {
        let server = try await Demo.server()
        let text = request.form.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
        let answer =
            request.method == "GET"
            ? await server.send("GET", request.path, query: text) : await server.post(request.path, request.form)
        let line = refused(server)
        for name in request.names { #expect(line.contains(name), "\(answer.status) \(line)") }
        #expect(!line.contains("a secret of nobody"))
    }

    @Test("even if the credentials are in a header field or the form is sealed")
    func elsewhere() async throws {
        let server = try await Demo.server()
        _ = await server.post("/auth/token", [("grant_type", "client_credentials")], as: ("stranger", "hush hush"))
        #expect(refused(server).contains("client_id=stranger") && !refused(server).contains("hush"))
        _ = await server.send(
            "POST", "/auth/token",
            headers: [
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", "Basic " + Form.base64(Array("a secret alone".utf8))),
            ], body: Array("grant_type=client_credentials".utf8))
        #expect(!refused(server).contains("alone"))
        let browser = Browser(server)
        let answer = await browser.post(
            "/auth/authorize", Demo.request([("redirect_uri", "https://app.example.com/x")]))
        #expect(answer.status == 400 && refused(server).contains("redirect_uri=https://app.example.com/x"))
    }

    @Test("in the events too, but only as a claim")
    func events() async throws {
        let sink = RecordingSink.make()
        let server = try await Demo.server(Plugins.all + [sink.setup])
        _ = await Browser(server).authorize(Demo.request([("redirect_uri", "https://app.example.com/other")]))
        let events = try await sink.records.wait { $0.kind == .refused }
        let event = try #require(events.last { $0.kind == .refused })
        #expect(event.details["client_id"] == "web" && event.client == nil)
        #expect(event.details["redirect_uri"] == "https://app.example.com/other")
    }

    /// Addresses, and how they are logged.
    static let addresses: [(sent: String, logged: String)] = [
        ("https://x.example/cb?code=c0de&state=s3cret&&x#t0ken", "https://x.example/cb?code=...&state=...&&...#..."),
        ("https://ann:s3cret@x.example/cb", "https://...@x.example/cb"), ("ann:s3cret@x.example", "ann:...@x.example"),
        ("https://x.example/\u{202E}\r\nforged=1\u{1B}[2J", "https://x.example/%E2%80%AE%0D%0Aforged=1%1B[2J"),
        ("https://x.example/\u{600}?\u{301}=s3cret", "https://x.example/%D8%80?%CC%81=..."),
        ("https://x.example/?s3cret", "https://x.example/?..."), ("?", "?"), ("#", "#..."), ("@", "@"), (":@", "@"),
        (String(repeating: "a", count: 600), String(repeating: "a", count: 512) + "..."),
    ]

    @Test("a URI is logged short, printable and without the values it may carry", arguments: addresses)
    func isWrittenSafely(_ address: (sent: String, logged: String)) async throws {
        let server = try await Demo.server()
        _ = await Browser(server).authorize(Demo.request([("redirect_uri", address.sent)]))
        let line = refused(server)
        #expect(
            line.contains("redirect_uri=\(address.logged) ") || line.hasSuffix("redirect_uri=\(address.logged)"),
            "\(line)")
        for secret in ["s3cret", "c0de", "t0ken"] { #expect(!line.contains(secret)) }
    }

    @Test("a client's name is logged short and printable")
    func isNamedSafely() async throws {
        let server = try await Demo.server()
        _ = await Browser(server).authorize(
            Demo.request([("client_id", "a\nb\u{600}" + String(repeating: "c", count: 999))]))
        #expect(refused(server).contains("client_id=a%0Ab%D8%80ccc") && !refused(server).contains("\n"))
        #expect(refused(server).utf8.count < 800)
    }
}
