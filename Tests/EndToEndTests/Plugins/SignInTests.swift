// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Foundation
import GrantKit
import ServerHTTP
import Support
import Testing

/// A browser that talks to the real program.
final class WebBrowser {
    /// The program that the browser talks to; the cookies survive when it is replaced.
    var program: Program
    private var cookies: [String: String] = [:]

    init(_ program: Program) {
        self.program = program
    }

    /// Opens a path and follows redirects as long as they stay on the server.
    func open(_ path: String) throws -> HTTPAnswer {
        try follow(send("GET \(path) HTTP/1.1\r\n", body: ""))
    }

    func post(_ path: String, _ form: [(String, String)]) throws -> HTTPAnswer {
        let (start, body) = WebBrowser.posting(path, form)
        return try follow(send(start, body: body))
    }

    private static func posting(_ path: String, _ form: [(String, String)]) -> (start: String, body: String) {
        (
            "POST \(path) HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            form.map { "\(Form.encode($0.0))=\(Form.encode($0.1))" }.joined(separator: "&")
        )
    }

    /// A request with the cookies that the browser has now.
    private func request(_ start: String, body: String) -> String {
        let jar = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
        return "\(start)Host: 127.0.0.1\r\n\(jar.isEmpty ? "" : "Cookie: \(jar)\r\n")"
            + "Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
    }

    private func send(_ start: String, body: String) throws -> HTTPAnswer {
        let answer = try HTTPSocket(port: program.port).exchange(request(start, body: body))
        for line in answer.head.components(separatedBy: "\r\n") where line.lowercased().hasPrefix("set-cookie:") {
            let pair = line.dropFirst(11).trimmingCharacters(in: .whitespaces).prefix { $0 != ";" }
                .split(separator: "=", maxSplits: 1).map(String.init)
            cookies[pair[0]] = pair.count > 1 ? pair[1] : nil
            if pair.count > 1 { program.remember(pair[1]) }
        }
        return answer
    }

    private func follow(_ answer: HTTPAnswer) throws -> HTTPAnswer {
        guard answer.status == 303, let location = answer.header("location"), location.hasPrefix("/") else {
            return answer
        }
        return try open(location)
    }

    /// Submits a page's last form.
    func submit(
        _ page: HTTPAnswer, _ fields: [(String, String)], to path: String = "/auth/interaction"
    ) throws -> HTTPAnswer {
        try post(path, WebBrowser.hidden(page) + fields)
    }

    /// The request that submits a page's last form, with the cookies that the browser has now.
    func request(for page: HTTPAnswer, _ fields: [(String, String)]) -> String {
        let (start, body) = WebBrowser.posting("/auth/interaction", WebBrowser.hidden(page) + fields)
        return request(start, body: body)
    }

    private static func hidden(_ page: HTTPAnswer) -> [(String, String)] {
        let form = page.body.components(separatedBy: "<form ").last ?? ""
        return form.matches(of: /<input type="hidden" name="([^"]*)" value="([^"]*)">/).map {
            (String($0.1), String($0.2))
        }
    }
}

@Suite("Users sign in to the real program", .timeLimit(.minutes(10)))
struct SignInTests {
    /// The shipped configuration on a free port.
    private static func start(_ folder: Folder) async throws -> Program {
        let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
        try folder.write("config.yaml", text.replacing("port: 8080", with: "port: 0"))
        return try await Program.start(folder, secrets: ["demo-web-secret", "demo-ann"])
    }

    /// The section of the README about a web application.
    private static func section() throws -> String {
        let readme = try String(contentsOfFile: "\(Build.root)/README.md", encoding: .utf8)
        let start = try #require(readme.range(of: "## A web application with a backend"))
        let rest = readme[start.upperBound...]
        return String(rest[..<(rest.range(of: "\n## ")?.lowerBound ?? rest.endIndex)])
    }

    static func code(_ browser: WebBrowser, _ path: String) throws -> String {
        let signIn = try browser.open(path)
        #expect(signIn.status == 200 && signIn.body.contains("Demo Shop"), "\(signIn.head)")
        let consent = try browser.submit(signIn, [("username", "ann"), ("password", "demo-ann")])
        #expect(consent.body.contains("Ann Lee"), "\(consent.head)")
        let ticked = consent.body.matches(of: /name="scope" value="([^"]*)" checked/).map { ("scope", String($0.1)) }
        let landed = try browser.submit(consent, ticked + [("decision", "allow")])
        let location = try #require(landed.header("location"))
        #expect(location.hasPrefix("http://127.0.0.1:3000/callback?code="))
        return String(try #require(location.firstMatch(of: /code=([^&]*)/)).1)
    }

    @Test("the README's web application: each of its commands works as written")
    func readme() async throws {
        try await Folder.with { folder in
            let program = try await Self.start(folder)
            defer { program.stop() }
            let section = try Self.section()
            let lines = section.components(separatedBy: "\n")
            let address = try #require(lines.first { $0.hasPrefix("http://127.0.0.1:8080/auth/authorize?") })
            let code = try Self.code(WebBrowser(program), String(address.dropFirst("http://127.0.0.1:8080".count)))
            var environment = ["CODE": code]
            var results: [JSON] = []
            for line in lines where line.hasPrefix("curl ") {
                let command = line.replacing("127.0.0.1:8080", with: "127.0.0.1:\(program.port)")
                let ended = try Command.shell(command, in: folder, environment: environment)
                #expect(ended.status == 0, "\(line): \(ended.errors)")
                let json = (try? JSON(parsing: ended.output)) ?? .null
                #expect(json["error"] == nil, "\(line): \(ended.output)")
                for (name, member) in [("TOKEN", "access_token"), ("REFRESH", "refresh_token")] {
                    guard let value = json[member]?.string else { continue }
                    environment[name] = value
                    program.remember(value)
                }
                results.append(json)
            }
            #expect(results.count == 4)
            #expect(results[0]["id_token"]?.string != nil && results[1]["name"] == "Ann Lee")
            #expect(results[2]["access_token"]?.string != nil)
            let dead = try program.post(
                "/auth/token", [("grant_type", "refresh_token"), ("refresh_token", environment["REFRESH"] ?? "")],
                as: ("web", "demo-web-secret"))
            #expect(dead["error"] == "invalid_grant", "the last command revoked it")
        }
    }

    @Test("a code survives a kill -9 of the server and is redeemed once")
    func killed() async throws {
        try await Folder.with { folder in
            let first = try await Self.start(folder)
            let path =
                "/auth/authorize?response_type=code&client_id=web&scope=openid&code_challenge=\(Demo.challenge)"
                + "&code_challenge_method=S256"
            let code = try Self.code(WebBrowser(first), path)
            first.kill9()
            let second = try await Self.start(folder)
            defer { second.stop() }
            func redeem() throws -> HTTPAnswer {
                try second.post(
                    "/auth/token",
                    [("grant_type", "authorization_code"), ("code", code), ("code_verifier", Demo.verifier)],
                    as: ("web", "demo-web-secret"))
            }
            let answer = try redeem()
            #expect(answer.status == 200, "\(answer.body)")
            #expect(try redeem()["error"] == "invalid_grant")
            let introspected = try second.post(
                "/auth/introspect", [("token", answer["access_token"] ?? "")], as: ("web", "demo-web-secret"))
            #expect(introspected.json["active"] == false, "the replay ended what the first redemption got")
        }
    }

    @Test("a folder's pages replace the server's own, and a broken one prevents the start")
    func pages() async throws {
        try await Folder.with { folder in
            let text = try String(contentsOfFile: "\(Build.root)/config.yaml", encoding: .utf8)
                .replacing("port: 8080", with: "port: 0")
            try folder.write("config.yaml", text + "\npages: { folder: pages }\n")
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/pages/text", withIntermediateDirectories: true)
            try folder.write("pages/foot.mustache", "<p>By {{issuer_host}} & friends</p></main></body></html>")
            try folder.write("pages/text/en.json", #"{"sign_in_title": "Come in", "one_time_title": "One more"}"#)
            try folder.write("pages/one_time.mustache", "{{> head}}{{> sealed}}{{asked}}{{> foot}}")
            let pages = try Pages(replacedBy: "\(folder.path)/pages")
            let own = String(
                decoding: try pages.render("one_time", ["asked": "<code>", "csrf": "c"]).html, as: UTF8.self)
            #expect(own.contains("<h1>One more</h1>") && own.contains("value=\"c\"") && own.contains("&lt;code&gt;"))
            let program = try await Program.start(folder)
            let page = try WebBrowser(program).open(
                "/auth/authorize?client_id=web&response_type=code&code_challenge=\(Demo.challenge)&code_challenge_method=S256"
            )
            #expect(page.body.contains("<h1>Come in</h1>") && page.body.contains("By 127.0.0.1:8080 &"))
            #expect(page.body.contains("Password"), "what the folder leaves out is the server's own")
            try folder.write("pages/foot.mustache", "<p>\n{{{issuer_host}}}</p>")
            let news = try await program.reload()
            let message = "pages/foot.mustache:2: '{{{issuer_host}}}' shows a value without escaping it"
            #expect(news.contains(message) && news.contains("was not reloaded"), "\(news)")
            program.stop()
            let refused = try Command.grantor("check", in: folder)
            #expect(refused.status == 78 && refused.errors.contains(message), "\(refused.errors)")
            try folder.write("pages/foot.mustache", "{{#client}}never closed")
            let ended = try Command.grantor("check", in: folder)
            #expect(ended.status == 78 && ended.errors.contains("foot.mustache"), "\(ended.errors)")
        }
    }
}
