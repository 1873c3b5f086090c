// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("RFC 9113: connections and their streams", .timeLimit(.minutes(10)))
struct HTTP2Tests {
    private typealias Frame = HTTP2Client.Frame

    private func with(_ body: (Program, Folder) async throws -> Void) async throws {
        try await Folder.with { folder in
            let made = try Command.shell(
                "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=id.example.com -keyout key.pem -out cert.pem",
                in: folder)
            #expect(made.status == 0, "\(made.errors)")
            let tls = "tls: { certificate: cert.pem, key: key.pem }"
            let limits = "header_timeout: 2m, body_timeout: 2m, max_connections: 64"
            try folder.write("config.yaml", Configurations.yaml(listen: "{ port: 0, \(limits), \(tls) }"))
            let program = try await Program.start(folder)
            try await body(program, folder)
            let live = try Command.shell(
                "curl -sk --http2 -o /dev/null -w '%{http_code}' https://127.0.0.1:\(program.port)/health/live",
                in: folder)
            #expect(live.output == "200", "the server must still be there")
            #expect(program.stop() == 0)
        }
    }

    private static func request(_ method: String, _ path: String, _ more: [(String, String)] = []) -> [(String, String)]
    {
        [(":method", method), (":scheme", "https"), (":path", path), (":authority", "a")] + more
    }

    /// A window of zero (RFC 9113 section 6.9.2).
    private static let closed: [UInt8] = [0, 4, 0, 0, 0, 0]

    @Test(
        "clients that keep too many streams waiting, for a body or for a response to be read, lose their connections",
        arguments: [("POST", "/auth/token", false), ("GET", "/.well-known/jwks.json", true)])
    func waiting(_ method: String, _ path: String, _ isLast: Bool) async throws {
        try await with { program, folder in
            let fields = HTTP2Tests.request(method, path)
            let frames = (0..<100).map { Frame.headers(2 * $0 + 1, fields, isLast: isLast) }
            // Each processor has its own connections, and the last one on each may stay.
            let count = ProcessInfo.processInfo.activeProcessorCount + 4
            let clients = try (0..<count).map {
                try HTTP2Client("client\($0)", frames, settings: HTTP2Tests.closed, to: program, in: folder)
            }
            #expect(try await Patience.wait { clients.count(where: \.isEnded) >= 4 })
            for client in clients where client.isEnded {
                #expect(client.received.last { $0.kind == 7 }?.error == 11, "RFC 9113 section 7: ENHANCE_YOUR_CALM")
            }
        }
    }

    private static let form = ("content-type", "application/x-www-form-urlencoded")

    @Test(
        "a malformed request ends only its own stream", .clause("RFC 9113 section 8.1.1"),
        arguments: [
            [Frame.headers(3, request("GET", "/nothing", [("X-A", "b")]), isLast: true)],
            [Frame.headers(3, request("POST", "/nothing", [("X-A", "b")]), isLast: false), Frame.data(3, "abc")],
            [
                Frame.headers(3, request("POST", "/nothing", [("content-length", "5")]), isLast: false),
                Frame.data(3, "abc"),
            ],
            [Frame.headers(3, [(":method", "GET"), (":path", "/nothing")], isLast: true)],
            [Frame.headers(3, request("GET", "/nothing", [("connection", "close")]), isLast: true)],
        ])
    func malformed(_ frames: [HTTP2Client.Frame]) async throws {
        try await with { program, folder in
            let first = Frame.headers(1, HTTP2Tests.request("POST", "/auth/token", [HTTP2Tests.form]), isLast: false)
            let last = Frame.headers(5, HTTP2Tests.request("GET", "/.well-known/jwks.json"), isLast: true)
            let client = try HTTP2Client(
                "client", [first] + frames + [Frame.data(1, "grant_type=magic"), last], to: program, in: folder)
            #expect(
                try await Patience.wait {
                    client.isEnded || Set(client.received.filter { $0.kind == 0 }.map(\.stream)) == [1, 5]
                })
            #expect(!client.isEnded, "\(client.received)")
            #expect(client.received.first { $0.kind == 3 } == Frame(kind: 3, stream: 3, payload: [0, 0, 0, 1]))
            #expect(!client.received.contains { $0.kind == 7 })
        }
    }

    @Test("a CONNECT request, which has no path, ends only its own stream", .clause("RFC 9113 section 8.5"))
    func connect() async throws {
        try await with { program, folder in
            let frames = [
                Frame.headers(1, [(":method", "CONNECT"), (":authority", "a:1")], isLast: true),
                Frame.headers(3, HTTP2Tests.request("GET", "/.well-known/jwks.json"), isLast: true),
            ]
            let client = try HTTP2Client("client", frames, to: program, in: folder)
            #expect(
                try await Patience.wait {
                    client.isEnded || client.received.contains { $0.kind == 0 && $0.stream == 3 }
                })
            #expect(!client.isEnded, "\(client.received)")
            #expect(client.received.contains { $0.kind == 3 && $0.stream == 1 })
        }
    }

    @Test(
        "a connection error ends the connection, and the client is told why", .clause("RFC 9113 section 5.4.1"),
        arguments: [
            Frame(kind: 0, stream: 0, payload: [1]), Frame(kind: 6, stream: 0, payload: [1]),
            Frame(kind: 8, stream: 0, payload: [0, 0, 0, 0]),
            Frame.headers(2, request("GET", "/nothing"), isLast: true),
        ])
    func connectionError(_ frame: HTTP2Client.Frame) async throws {
        try await with { program, folder in
            let client = try HTTP2Client("client", [frame], to: program, in: folder)
            #expect(try await Patience.wait { client.isEnded })
            let code = try #require(client.received.last { $0.kind == 7 }?.error)
            #expect(code != 0)
        }
    }
}
