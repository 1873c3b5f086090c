// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization

/// A third party's server, which keeps its requests and responds as a test says, or not at all.
final class OtherServer: Sendable {
    private let listener: LocalListener
    private let received: Received

    private final class Received: Sendable {
        private let requests = Mutex<[String]>([])
        var all: [String] { requests.withLock { $0 } }
        func add(_ request: String) { requests.withLock { $0.append(request) } }
    }

    /// Listens at a port; with 0 at a free one.
    init(port: UInt16 = 0, answer: @escaping @Sendable (String) -> [UInt8]?) throws {
        let received = Received()
        self.received = received
        listener = try LocalListener(port: port) { OtherServer.serve($0, received, answer) }
    }

    var port: UInt16 { listener.port }

    private static func serve(
        _ connection: Int32, _ received: Received, _ answer: @Sendable (String) -> [UInt8]?
    ) {
        let request = read(connection)
        received.add(request)
        guard let answer = answer(request) else {
            sleep(UInt32(Patience.seconds))
            return
        }
        LocalListener.send(answer, to: connection)
    }

    var requests: [String] { received.all }

    /// Reads a request up to the end of its body.
    static func read(_ connection: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                let length = text.lowercased().firstMatch(of: /content-length: *([0-9]+)/).flatMap { Int($0.1) } ?? 0
                if text[end.upperBound...].utf8.count >= length { return text }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return text }
            bytes += buffer.prefix(count)
        }
    }

    static func reply(_ status: String, _ headers: String = "", body: String = "") -> [UInt8] {
        Array(
            "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)"
                .utf8)
    }
}
