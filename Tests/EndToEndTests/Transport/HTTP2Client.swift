// SPDX-License-Identifier: Apache-2.0

import Foundation

/// An HTTP/2 connection over TLS that sends exactly what a test says (RFC 9113 section 4.1).
final class HTTP2Client: Sendable {
    struct Frame: Equatable {
        var kind: UInt8
        var flags: UInt8 = 0
        var stream: UInt32
        var payload: [UInt8] = []

        var bytes: [UInt8] {
            let length = UInt32(payload.count)
            return big(length).dropFirst() + [kind, flags] + big(stream) + payload
        }

        private func big(_ number: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) }
        }

        static func headers(_ stream: UInt32, _ fields: [(String, String)], isLast: Bool) -> Frame {
            let block: [UInt8] = fields.flatMap { name, value -> [UInt8] in [0] + text(name) + text(value) }
            return Frame(kind: 1, flags: isLast ? 5 : 4, stream: stream, payload: block)
        }

        static func data(_ stream: UInt32, _ body: String) -> Frame {
            Frame(kind: 0, flags: 1, stream: stream, payload: Array(body.utf8))
        }

        /// A literal of fewer than 127 bytes (RFC 7541 section 5.2).
        private static func text(_ text: String) -> [UInt8] { [UInt8(text.utf8.count)] + Array(text.utf8) }

        /// The code of an error that ends a stream or the connection.
        var error: UInt8? { kind == 3 || kind == 7 && payload.count > 7 ? payload[kind == 3 ? 3 : 7] : nil }
    }

    private static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    private let folder: Folder
    private let name: String
    private let ended: Task<Void, any Error>

    /// Connects, sends, and stays until the server closes the connection.
    init(_ name: String, _ frames: [Frame], settings: [UInt8] = [], to program: Program, in folder: Folder) throws {
        self.folder = folder
        self.name = name
        let all = [Frame(kind: 4, stream: 0, payload: settings)] + frames
        let bytes = HTTP2Client.preface + all.flatMap(\.bytes)
        try Data(bytes).write(to: URL(fileURLWithPath: "\(folder.path)/\(name).in"))
        let line =
            "mkfifo \(name).p; exec 3<>\(name).p; cat \(name).in >&3; timeout 600 openssl s_client -quiet -alpn h2 -connect 127.0.0.1:\(program.port) <&3 > \(name).out 2>/dev/null; touch \(name).ended"
        ended = Task { _ = try await onThread { try Command.shell(line, in: folder) } }
    }

    /// Whether the server has closed the connection.
    var isEnded: Bool { FileManager.default.fileExists(atPath: "\(folder.path)/\(name).ended") }

    /// The frames received so far.
    var received: [Frame] {
        var rest = [UInt8]((try? Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name).out"))) ?? Data())[...]
        var frames: [Frame] = []
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 9 + length else { break }
            frames.append(
                Frame(
                    kind: head[3], flags: head[4], stream: head[5..<9].reduce(0) { $0 << 8 | UInt32($1) },
                    payload: Array(rest.dropFirst(9).prefix(length))))
            rest = rest.dropFirst(9 + length)
        }
        return frames
    }

    func waitForEnd() async throws { try await ended.value }
}
