// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support
import Testing

@Suite("RFC 9112 section 9.3.2: pipelined requests", .timeLimit(.minutes(10)))
struct PipeliningTests {
    private static let get = "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
    private static let lastGet = "GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    private func with(_ body: (Program) async throws -> Void) async throws {
        try await Folder.with { folder in
            try folder.write("config.yaml", Configurations.yaml())
            let program = try await Program.start(folder)
            try await body(program)
            #expect(try program.get("/health/live").status == 200, "the server must still be there")
            #expect(program.stop() == 0)
        }
    }

    private func statuses(_ bytes: [UInt8]) -> [String] {
        String(decoding: bytes, as: UTF8.self).matches(of: /HTTP\/1\.1 (\d{3})/).map { String($0.1) }
    }

    @Test("a new connection is served before connections that sent many requests at once are done")
    func fair() async throws {
        try await with { program in
            let (connections, requests) = (8, 2000)
            let many = Array(String(repeating: PipeliningTests.get, count: requests).utf8)
            let sockets = try (0..<connections).map { _ in try HTTPSocket(port: program.port) }
            for socket in sockets { socket.write(many) }
            #expect(try program.get("/health/live").status == 200)
            let answered = sockets.reduce(0) { $0 + statuses($1.readSoFar()).count }
            #expect(answered < connections * requests / 20, "\(answered) requests went before one that came alone")
        }
    }

    /// Bodies of both kinds that contain what ends a request elsewhere, and line ends of both kinds.
    private static let mixed = [
        "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /auth/token HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /health/live HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
        "\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /auth/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n\r\n\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\nX: y\r\n\r\n",
        "GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    ]

    @Test(
        "pipelined requests get the same responses as single ones, in order, however the bytes are split",
        arguments: [1, 7, 100_000])
    func cut(_ size: Int) async throws {
        try await with { program in
            let alone = try PipeliningTests.mixed.map { text in
                let socket = try HTTPSocket(port: program.port)
                socket.write(Array(text.utf8))
                return String(try socket.readAnswer().status)
            }
            #expect(alone == ["200", "400", "405", "404", "400", "404", "404"])
            let socket = try HTTPSocket(port: program.port)
            var rest = Array((PipeliningTests.mixed.joined() + PipeliningTests.lastGet).utf8)[...]
            while !rest.isEmpty {
                socket.write(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(statuses(try #require(socket.readAll())) == alone + ["200"])
        }
    }

    @Test("a client that closes its side after many requests gets all responses")
    func ends() async throws {
        try await with { program in
            let socket = try HTTPSocket(port: program.port)
            socket.write(Array(String(repeating: PipeliningTests.get, count: 1000).utf8))
            socket.endWriting()
            #expect(statuses(try #require(socket.readAll())).count == 1000)
        }
    }
}
