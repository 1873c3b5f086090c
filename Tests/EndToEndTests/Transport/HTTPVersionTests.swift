// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("RFC 9112: versions, hosts and invalid requests", .timeLimit(.minutes(10)))
struct HTTPVersionTests {
    private func with(_ body: (Program) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            try await body(program)
            #expect(try program.get("/health/live").status == 200, "the server must still be there")
            #expect(program.stop() == 0)
        }
    }

    /// The response until the server closes the connection, and how long that takes.
    private func exchange(_ text: String, with program: Program) throws -> (answer: HTTPAnswer, took: Duration) {
        let socket = try HTTPSocket(port: program.port)
        let begin = ContinuousClock.now
        return (try socket.exchange(text), ContinuousClock.now - begin)
    }

    @Test("HTTP/1.0 needs no host, and its connection ends after the response", .clause("RFC 9112 section 9.3"))
    func older() async throws {
        try await with { program in
            for more in [
                "", "User-Agent: check\r\n", "Host: x\r\n", "Connection: close\r\n", "Expect: 100-continue\r\n",
            ] {
                for path in ["/health/live", "/health/ready", "/.well-known/jwks.json"] {
                    let (answer, took) = try exchange("GET \(path) HTTP/1.0\r\n\(more)\r\n", with: program)
                    #expect(answer.status == 200 && took < .seconds(4), "\(path) \(more)")
                    #expect(answer.header("connection") == "close" && answer.header("content-length") != nil)
                }
            }
        }
    }

    @Test("HTTP/1.0 keeps its connection on request and is told so")
    func kept() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            for _ in 0..<3 {
                socket.write(Array("GET /health/live HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n".utf8))
                let answer = try socket.readAnswer()
                #expect(answer.status == 200 && answer.header("connection") == "keep-alive")
            }
        }
    }

    @Test(
        "an HTTP/1.1 request must name one valid host", .clause("RFC 9112 section 3.2"),
        arguments: [
            "", "Host:\r\n", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n", "Host: a\r\nhost:\r\n",
            "Host: a b\r\n",
            "Host: a/b\r\n", "Host: \u{212A}\r\n", "Host: a\"\r\n", "Host: a@b\r\n",
        ])
    func hosts(_ headers: String) async throws {
        try await with { program in
            let close = "Connection: close\r\n\r\n"
            for target in ["/auth/token", "http://a/auth/token", "/health/live"] {
                let (answer, _) = try exchange("GET \(target) HTTP/1.1\r\n\(headers)\(close)", with: program)
                #expect(answer.status == 400 && answer["error"] == "invalid_request", "\(target)")
            }
            let good = try exchange("GET http://b:80/health/live HTTP/1.1\r\nHost: a\r\n\(close)", with: program).answer
            #expect(good.status == 200, "the host of an absolute address counts, whatever the header says")
            let all = try exchange("OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\n\(close)", with: program).answer
            #expect(all.status == 204 && all.header("content-length") == nil)
        }
    }

    @Test(
        "an unreadable request gets the reason, after the requests before it are answered",
        arguments: [
            ("GET /\(String(repeating: "a", count: 20_000)) HTTP/1.1\r\nHost: a\r\n\r\n", 431, "16384 bytes"),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n", 431, "16384 bytes"),
            (
                "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: 101) + "\r\n", 431,
                "more than 100"
            ),
            ("GET / HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n", 400, "not valid HTTP/1.1"),
            ("GARBAGE\r\n\r\n", 400, "not valid HTTP/1.1"),
            (
                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", 400,
                "not valid HTTP/1.1"
            ),
            (posted("zz\r\nabc"), 400, "chunk size"),
            (posted("3\r\nabcd\r\n0\r\n\r\n"), 400, "does not end where"),
            (posted("0\r\nContent-Length: 1\r\n\r\n"), 400, "content-length"),
            (posted("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400, "trailer"),
            (posted("0\r\n\r\n", coding: "xchunked"), 501, "Transfer-Encoding"),
            (posted("0\r\n\r\n", coding: "gzip, chunked"), 501, "Transfer-Encoding"),
            (posted("0\r\n\r\n", coding: "chunked, gzip"), 400, "Transfer-Encoding"),
            (posted("0\r\n\r\n", coding: "gzip\r\nTransfer-Encoding: chunked"), 501, "Transfer-Encoding"),
            (posted("0\r\n\r\n", coding: "chunked\r\nTransfer-Encoding: identity"), 400, "Transfer-Encoding"),
            (posted("0\r\n\r\n", version: "1.0"), 400, "HTTP/1.0"),
            (posted("0\r\n\r\n", version: "1.0", coding: "chunked\r\nConnection: keep-alive"), 400, "HTTP/1.0"),
        ], [true, false])
    func unreadable(_ request: (text: String, status: Int, why: String), isFollowed: Bool) async throws {
        let (status, why) = (request.status, request.why)
        // What follows an unreadable request is not a request, whatever it looks like.
        let text = request.text + (isFollowed ? "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" : "")
        try await with { program in
            let (alone, took) = try exchange(text, with: program)
            #expect(alone.status == status && alone["error"] == "invalid_request" && took < .seconds(10))
            #expect(alone["error_description"]?.contains(why) == true && alone.header("connection") == "close")
            let before = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array((before + before + text).utf8))
            let all = String(decoding: try #require(socket.readAll()), as: UTF8.self)
            let statuses = all.matches(of: /HTTP\/1\.1 (\d{3})/).map { Int($0.1) }
            #expect(statuses == [200, 200, status])
        }
    }

    private static func posted(_ body: String, version: String = "1.1", coding: String = "chunked") -> String {
        "POST /auth/token HTTP/\(version)\r\nHost: a\r\nTransfer-Encoding: \(coding)\r\n\r\n\(body)"
    }

    @Test(
        "a request to upgrade the protocol gets an ordinary response, and its connection ends",
        .clause("RFC 9110 section 7.8"),
        arguments: ["GET /health/live HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c", "CONNECT a:1 HTTP/1.1"])
    func otherProtocol(_ start: String) async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array("\(start)\r\nHost: a\r\n\r\n".utf8))
            let answer = HTTPAnswer(try #require(socket.readAll(), "the connection must end"))
            #expect((answer.status == 200) == start.hasPrefix("GET") && answer.header("connection") == "close")
        }
    }

    @Test("a request exactly at the size limits is read", .clause("RFC 9112 section 3"))
    func longest() async throws {
        try await with { program in
            let target = "/nothing?q=\(String(repeating: "q", count: 15_000))"
            let more = "X: \(String(repeating: "x", count: 15_000))\r\n"
            let (answer, _) = try exchange(
                "GET \(target) HTTP/1.1\r\nHost: a\r\n\(more)Connection: close\r\n\r\n", with: program)
            #expect(answer.status == 404)
        }
    }

    @Test("HEAD has the Content-Length of GET and no body", .clause("RFC 9110 section 9.3.2"))
    func head() async throws {
        try await with { program in
            for path in ["/health/live", "/.well-known/jwks.json", "/nothing", "/auth/token"] {
                let request = "\(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
                let get = try exchange("GET " + request, with: program).answer
                let head = try exchange("HEAD " + request, with: program).answer
                #expect(head.status == get.status && head.body.isEmpty)
                #expect(head.header("content-length") == get.header("content-length"))
                #expect(Int(get.header("content-length") ?? "") == get.body.utf8.count)
            }
        }
    }
}

@Suite("RFC 6797 and RFC 9113: over TLS", .timeLimit(.minutes(10)))
struct SecureTransportTests {
    private func with(_ tls: String, issuer: String, _ body: (Program, Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=id.example.com -keyout key.pem -out cert.pem",
                in: folder)
            #expect(made.status == 0, "\(made.errors)")
            // The shortest idle timeout, since 'openssl s_client' waits for it.
            let yaml = Configurations.yaml(
                listen: "{ port: 0, header_timeout: 1s, tls: { certificate: cert.pem, key: key.pem\(tls) } }")
            try folder.write("config.yaml", yaml.replacing("http://127.0.0.1:8080", with: issuer))
            let program = try await Program.start(folder)
            try await body(program, folder)
            #expect(program.stop() == 0)
        }
    }

    @Test(
        "every response tells browsers to use https, unless the server is for this machine only",
        .clause("RFC 6797 section 7"),
        arguments: [
            ("", "https://id.example.com", "max-age=31536000" as String?),
            (
                ", hsts: { lifetime: 1d, include_subdomains: true }", "https://id.example.com",
                "max-age=86400; includeSubDomains"
            ),
            (", hsts: { lifetime: 0s }", "https://id.example.com", "max-age=0"), ("", "https://127.0.0.1:8443", nil),
            ("", "http://127.0.0.1:8080", nil),
        ])
    func strict(_ tls: String, _ issuer: String, _ value: String?) async throws {
        try await with(tls, issuer: issuer) { program, folder in
            for (version, path) in [
                ("--http1.1", "/health/live"), ("--http2", "/auth/token"), ("--http1.1", "/nothing"),
            ] {
                let got = try Command.shell(
                    "curl -sk -D - -o /dev/null \(version) https://127.0.0.1:\(program.port)\(path)", in: folder)
                let sent = got.output.lowercased().firstMatch(of: /strict-transport-security: ([^\r\n]*)/).map {
                    String($0.1)
                }
                #expect(sent == value?.lowercased(), "\(got.output)")
            }
        }
    }

    @Test("in HTTP/2 a Host header that differs from the authority is refused", .clause("RFC 9113 section 8.3.1"))
    func authority() async throws {
        try await with("", issuer: "https://id.example.com") { program, folder in
            // GET /.well-known/jwks.json with the authority "a", followed by a host of one letter.
            for (host, isRefused) in [("a", false), ("A", false), ("b", true)] {
                let fields = #"\202\207\104\026/.well-known/jwks.json\101\001a\100\004host\001"# + host
                let frames = #"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\004\0\0\0\0\0\0\0\045\001\005\0\0\0\001"# + fields
                let got = try Command.shell(
                    "(printf '\(frames)'; sleep 2) | openssl s_client -quiet -alpn h2 -connect 127.0.0.1:\(program.port) 2>/dev/null | tr -cd '[:print:]'",
                    in: folder)
                #expect(got.output.contains("more than one host") == isRefused, "\(host): \(got.output)")
                #expect(got.output.contains("\"keys\"") != isRefused, "\(host)")
            }
        }
    }
}
