// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization

/// A third party's server, which keeps its requests and responds as a test says, or not at all.
final class OtherServer: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let received = Received()

    private final class Received: Sendable {
        private let requests = Mutex<[String]>([])
        var all: [String] { requests.withLock { $0 } }
        func add(_ request: String) { requests.withLock { $0.append(request) } }
    }

    /// Listens at a port; with 0 at a free one.
    init(port: UInt16 = 0, answer: @escaping @Sendable (String) -> [UInt8]?) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 16) | getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw HTTPSocket.Failure() }
        self.descriptor = descriptor
        self.port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [received] in
            while true {
                let connection = accept(descriptor, nil, nil)
                guard connection >= 0 else { break }
                Thread.detachNewThread { OtherServer.serve(connection, received, answer) }
            }
            // Closed here, so that the number does not become another socket's while this thread still uses it.
            close(descriptor)
        }
    }

    private static func serve(
        _ connection: Int32, _ received: Received, _ answer: @Sendable (String) -> [UInt8]?
    ) {
        defer { close(connection) }
        let request = read(connection)
        received.add(request)
        guard var rest = answer(request)?[...] else {
            sleep(UInt32(Patience.seconds))
            return
        }
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
    }

    var requests: [String] { received.all }

    private static func read(_ connection: Int32) -> String {
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
