// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("The HTTP layer and misbehaving clients", .timeLimit(.minutes(10)))
struct TransportTests {
    private static let listen = "{ port: 0, header_timeout: 1s, body_timeout: 1s, max_connections: 64 }"

    private func with(_ listen: String = TransportTests.listen, _ body: (Program) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml(listen: listen))
            let program = try await Program.start(folder, secrets: [Configurations.secret])
            try await body(program)
            #expect(try program.get("/health/live").status == 200, "the server must still be there")
            #expect(program.stop() == 0)
        }
    }

    private func head(_ length: Int, _ more: String = "") -> String {
        "POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \(length)\r\n\(more)\r\n"
    }

    @Test("a request whose body stops halfway is answered in time", .clause("RFC 9110 section 15.5.9"))
    func halfBody() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array((head(100) + "grant_type=").utf8))
            let answer = HTTPAnswer(try #require(socket.readAll()))
            #expect(answer.status == 408 && answer["error"] == "invalid_request")
        }
    }

    @Test("a body that arrives byte by byte gets a response in time")
    func slowBody() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array(head(1000).utf8))
            for _ in 0..<30 {
                socket.write([UInt8(ascii: "a")])
                try await Task.sleep(for: .milliseconds(50))
            }
            let answer = HTTPAnswer(try #require(socket.readAll()))
            #expect(answer.status == 408 && answer["error"] == "invalid_request")
        }
    }

    @Test(
        "a connection that sends no headers, or sends them slowly, is closed",
        arguments: ["", "POST /auth/token HTTP/1.1\r\nHo"])
    func slowHeaders(_ start: String) async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array(start.utf8))
            #expect(socket.readAll() != nil)
        }
    }

    @Test("a client that closes in the middle of its body harms nobody")
    func closes() async throws {
        try await with { program in
            for _ in 0..<50 {
                let socket = try HTTPSocket(port: program.port)
                socket.write(Array((head(100) + "grant").utf8))
            }
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array((head(100) + "grant").utf8))
            socket.endWriting()
            #expect(socket.readAll() != nil)
        }
    }

    @Test("a body of exactly 64 KiB is read to its end, and one byte more is refused", arguments: [true, false])
    func largestBody(_ isTold: Bool) async throws {
        try await with("{ port: 0 }") { program in
            for (length, status) in [(65_536, 200), (65_537, 413)] {
                let socket = try HTTPSocket(port: program.port)
                socket.write(isTold ? told(length) : chunked(length))
                #expect(try socket.readAnswer().status == status, "\(length)")
            }
        }
    }

    /// A form of a length that ends with what a request for a token needs.
    private func form(_ length: Int) -> [UInt8] {
        let end = "&grant_type=client_credentials"
        return Array(("pad=" + String(repeating: "a", count: length - 4 - end.utf8.count) + end).utf8)
    }

    private var credentials: String { "Authorization: \(Form.basic("service", Configurations.secret))\r\n" }

    /// A request that declares the length of its body, and sends the body if it is not too long.
    private func told(_ length: Int) -> [UInt8] {
        Array(head(length, credentials).utf8) + (length > 65_536 ? [] : form(length))
    }

    /// A request whose body is in chunks.
    private func chunked(_ length: Int) -> [UInt8] {
        let type = "Content-Type: application/x-www-form-urlencoded\r\n"
        let head = "POST /auth/token HTTP/1.1\r\nHost: a\r\n\(type)\(credentials)Transfer-Encoding: chunked\r\n\r\n"
        let body = form(length)
        var request = Array(head.utf8)
        for start in stride(from: 0, to: length, by: 8192) {
            let part = body[start..<min(start + 8192, length)]
            request += Array("\(String(part.count, radix: 16))\r\n".utf8)
            request += part
            request += Array("\r\n".utf8)
        }
        return request + Array("0\r\n\r\n".utf8)
    }

    @Test("a body of more than 64 KiB is refused, whether its length is declared or not", arguments: [true, false])
    func largeBody(_ isTold: Bool) async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            if isTold {
                socket.write(Array(head(70_000).utf8))
            } else {
                socket.write(Array("POST /auth/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".utf8))
                for _ in 0..<10 {
                    socket.write(Array("2000\r\n".utf8) + [UInt8](repeating: 97, count: 8192) + Array("\r\n".utf8))
                }
            }
            let answer = HTTPAnswer(try #require(socket.readAll()))
            #expect(answer.status == 413 && answer["error"] == "invalid_request")
        }
    }

    @Test(
        "a declared length that is too large is refused before the body arrives, however large it is",
        arguments: ["65537", "9223372036854775807", "9223372036854775808", "18446744073709551615"])
    func largeLength(_ length: String) async throws {
        try await with("{ port: 0, body_timeout: 2m }") { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array("POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: \(length)\r\n\r\n".utf8))
            #expect(try socket.readAnswer().status == 413)
        }
    }

    @Test("an HTTP/2 client without TLS is told what is missing")
    func plainHTTP2() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            let answer = try socket.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            #expect(answer.status == 400 && answer["error_description"]?.contains("over TLS") == true)
        }
    }

    @Test(
        "anything but an HTTP request is refused",
        arguments: [
            "GARBAGE\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{03}\u{01}\r\n\r\n", "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nNo colon\r\n\r\n",
            "POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
            "POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
            "POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 40_000))\r\n\r\n",
            "GET /\(String(repeating: "a", count: 100_000)) HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n" + (0..<300).map { "X\($0): 1\r\n" }.joined() + "\r\n",
        ])
    func noRequest(_ text: String) async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array(text.utf8))
            socket.endWriting()
            let bytes = try #require(socket.readAll())
            let status = HTTPAnswer(bytes).status
            #expect(bytes.isEmpty || status == 400 || status == 404 || status == 431, "\(status)")
            #expect(status != 500)
        }
    }

    @Test("a client that waits for '100 Continue' gets it", .clause("RFC 9110 section 10.1.1"))
    func expectContinue() async throws {
        try await with("{ port: 0, body_timeout: 100s }") { program in
            let body = "grant_type=magic"
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array(head(body.utf8.count, "Expect: 100-continue\r\nConnection: close\r\n").utf8))
            #expect(try socket.readAnswer().status == 100)
            socket.write(Array(body.utf8))
            let text = String(decoding: try #require(socket.readAll()), as: UTF8.self)
            #expect(text.hasPrefix("HTTP/1.1 400 ") && text.contains("unsupported_grant_type"))
        }
    }

    @Test("several requests on one connection are answered in order, and 'close' ends it in any case")
    func keepsAlive() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            let get = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
            socket.write(Array((get + get + get.replacing("\r\n\r\n", with: "\r\nConnection: Close\r\n\r\n")).utf8))
            let text = String(decoding: try #require(socket.readAll()), as: UTF8.self)
            #expect(text.components(separatedBy: "HTTP/1.1 200").count == 4)
        }
    }

    @Test("a client that does not read its responses loses its connection")
    func slowReader() async throws {
        try await with("{ port: 0, header_timeout: 1s, body_timeout: 1s }") { program in
            let socket = try HTTPSocket(port: program.port)
            let get = "GET /.well-known/oauth-authorization-server HTTP/1.1\r\nHost: a\r\n\r\n"
            try await onThread { socket.write(Array(String(repeating: get, count: 40_000).utf8), patience: 1) }
            try await Task.sleep(for: .seconds(10))
            let answers = try #require(try await onThread { socket.readAll() }, "the connection must have ended")
            let count = String(decoding: answers, as: UTF8.self).components(separatedBy: "HTTP/1.1 200").count
            #expect(count < 40_000)
            #expect(try program.get("/health/live").status == 200)
        }
    }

    @Test("HEAD has the headers of GET and no body")
    func headRequest() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            let answer = try socket.exchange(
                "HEAD /.well-known/jwks.json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(answer.status == 200 && answer.body.isEmpty && answer.header("etag") != nil)
        }
    }

    @Test("connections beyond the limit wait and are served when others end")
    func cap() async throws {
        try await with("{ port: 0, max_connections: 4, header_timeout: 100s }") { program in
            // The library accepts several connections at a time, so the limit may be exceeded by a few.
            var idle = try (0..<12).map { _ in try HTTPSocket(port: program.port) }
            let last = try HTTPSocket(port: program.port)
            last.write(Array("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
            #expect(last.isSilent(milliseconds: 1000), "it must wait for the others to end")
            #expect(idle.count == 12)
            idle = []
            #expect(try last.readAnswer().status == 200)
        }
    }

    @Test(
        "the address of a client is the forwarded one behind a trusted proxy only",
        arguments: [true, false])
    func proxies(_ isTrusted: Bool) async throws {
        let listen = "{ port: 0, trusted_proxies: [\(isTrusted ? "127.0.0.0/8" : "192.0.2.0/24"), 198.51.100.7] }"
        try await with(listen) { program in
            let request =
                "POST /auth/token HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 203.0.113.9, 198.51.100.7\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            _ = try HTTPSocket(port: program.port).exchange(request)
            try await Patience.wait { program.log.contains("refused") }
            #expect(program.log.contains(isTrusted ? "\"address\":\"203.0.113.9\"" : "\"address\":\"127.0.0.1\""))
        }
    }

    @Test("the log may be read slowly or not at all")
    func stalledLog() async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            // The server itself holds the pipe open for reading, and never reads.
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "mkfifo pipe; exec 3<> pipe; exec \(Build.program) serve > out 2> pipe"]
            process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
            try process.run()
            defer { kill(process.processIdentifier, SIGKILL) }
            var port: UInt16?
            try await Patience.wait {
                port = folder.read("out").firstMatch(of: /listening +http:\/\/[^\n]*:(\d+)\n/).flatMap { UInt16($0.1) }
                return port != nil
            }
            let open = try #require(port)
            for _ in 0..<3000 {
                let answer = try HTTPSocket(port: open).exchange(head(0, "Connection: close\r\n"))
                #expect(answer.status == 400)
            }
        }
    }
}

@Suite("TLS", .timeLimit(.minutes(10)))
struct TLSTests {
    private func certificate(_ name: String, in folder: Folder) throws {
        let made = try Command.shell(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=\(name) -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem",
            in: folder)
        #expect(made.status == 0, "\(made.errors)")
    }

    /// An HTTP/2 client that sends a request but allows no data to be sent to it (RFC 9113 section 6.9.2).
    private func unreadStream(of program: Program, in folder: Folder) throws {
        let settings = #"\0\0\006\004\0\0\0\0\0\0\004\0\0\0\0"#
        let headers = #"\0\0\035\001\005\0\0\0\001\202\207\104\026/.well-known/jwks.json\101\001a"#
        let frames = #"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"# + settings + headers
        let answer = try Command.shell(
            "(printf '\(frames)'; sleep 5) | openssl s_client -quiet -alpn h2 -connect 127.0.0.1:\(program.port) 2>/dev/null | wc -c",
            in: folder)
        #expect((Int(answer.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 60, "headers come")
        #expect(program.isRunning, "a window of zero must not end the process")
    }

    @Test("HTTP/2 and HTTP/1.1 work over TLS, and SIGHUP reloads the certificate")
    func renews() async throws {
        try await Folder.with { folder in
            try certificate("first", in: folder)
            try folder.write(
                "config.yaml",
                Configurations.yaml(
                    listen: "{ port: 0, header_timeout: 3s, tls: { certificate: cert.pem, key: key.pem } }"))
            let program = try await Program.start(folder)
            let url = "https://127.0.0.1:\(program.port)/auth/token"
            for (option, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
                let got = try Command.shell(
                    "curl -s --cacert cert.pem \(option) -w '%{http_version}' -u 'service:\(Configurations.secret)' -d grant_type=client_credentials \(url)",
                    in: folder)
                #expect(got.output.contains("access_token") && got.output.hasSuffix(version), "\(got)")
            }
            let large = try Command.shell(
                "head -c 70000 /dev/zero | curl -s --cacert cert.pem --http2 -w '%{http_code}' --data-binary @- \(url)",
                in: folder)
            #expect(large.output.hasSuffix("413"), "\(large)")
            let silent = try (0..<8).map { _ in try HTTPSocket(port: program.port) }
            #expect(silent.allSatisfy { $0.readAll() != nil }, "a handshake that does not come is ended")
            try unreadStream(of: program, in: folder)
            let idle = try await onThread {
                try Command.shell(
                    // 'timeout' exits with 124 if it had to kill the client. Nothing writes to the pipe, and it is not
                    // closed.
                    "mkfifo idle; exec 3<>idle; timeout 200 openssl s_client -alpn h2 -connect 127.0.0.1:\(program.port) <&3 >/dev/null 2>&1",
                    in: folder)
            }
            #expect(idle.status != 124, "an idle connection of HTTP/2 is ended: \(idle.errors)")
            try certificate("second", in: folder)
            #expect(try await program.reload().contains("was reloaded"))
            let shown = try Command.shell(
                "echo | openssl s_client -connect 127.0.0.1:\(program.port) 2>/dev/null | openssl x509 -noout -subject",
                in: folder)
            #expect(shown.output.contains("CN = second"), "\(shown)")
            try folder.write("cert.pem", "nonsense")
            #expect(try await program.reload().contains("was not reloaded"))
            #expect(program.stop() == 0)
        }
    }

    @Test("a stop lets a request in progress finish, however long the client is silent", arguments: ["1.1", "2"])
    func finishes(_ version: String) async throws {
        try await Folder.with { folder in
            try certificate("first", in: folder)
            try folder.write(
                "config.yaml",
                Configurations.yaml(
                    listen: "{ port: 0, body_timeout: 2m, tls: { certificate: cert.pem, key: key.pem } }",
                    more: "shutdown_limit: 2m"))
            let program = try await Program.start(folder)
            let type = "Content-Type: application/x-www-form-urlencoded"
            let client =
                "curl -vsk --http\(version) -T . -X POST -H Expect: -H '\(type)' -w '%{http_version} %{http_code}' https://127.0.0.1:\(program.port)/auth/token 2> shown"
            let answer = Task {
                try await onThread {
                    // The body ends well after the time that the server gives an idle client when it stops.
                    try Command.shell(
                        "(printf grant_type=; until grep -qs '> POST' shown; do sleep 0.1; done; sleep 2; echo yes > sent; sleep 9; printf magic) | \(client)",
                        in: folder)
                }
            }
            #expect(try await Patience.wait { !folder.read("sent").isEmpty })
            #expect(program.stop() == 0)
            let shown = try await answer.value.output
            #expect(shown.contains("unsupported_grant_type") && shown.hasSuffix("\(version) 400"), "\(shown)")
        }
    }

    @Test("a stop does not wait for clients that are idle or never sent a request")
    func stops() async throws {
        try await Folder.with { folder in
            try certificate("first", in: folder)
            try folder.write(
                "config.yaml",
                Configurations.yaml(
                    listen: "{ port: 0, header_timeout: 2m, tls: { certificate: cert.pem, key: key.pem } }",
                    more: "shutdown_limit: 10m"))
            let program = try await Program.start(folder)
            let silent = try (0..<4).map { _ in try HTTPSocket(port: program.port) }
            let idle = Task {
                try await onThread {
                    try Command.shell(
                        "mkfifo idle; exec 3<>idle; timeout 600 openssl s_client -alpn h2 -connect 127.0.0.1:\(program.port) <&3 > shown",
                        in: folder)
                }
            }
            try await Patience.wait { folder.read("shown").contains("BEGIN CERTIFICATE") }
            let start = ContinuousClock.now
            #expect(program.stop() == 0)
            #expect(ContinuousClock.now - start < .seconds(60), "what would be waited for takes two minutes")
            withExtendedLifetime(silent) {}
            idle.cancel()
            _ = try? await idle.value
        }
    }
}
