// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import Support

/// A response as received.
struct HTTPAnswer: Sendable {
    let status: Int
    let head: String
    let body: String
    let json: JSON

    init(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.components(separatedBy: "\r\n\r\n")
        head = parts[0]
        body = parts.dropFirst().joined(separator: "\r\n\r\n")
        status = Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
        json = (try? JSON(parsing: body)) ?? .null
    }

    subscript(member: String) -> String? { json[member]?.string }

    func header(_ name: String) -> String? {
        head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix(name + ":") }
            .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
    }
}

/// A connection that sends exactly what a test says, byte by byte if need be.
final class HTTPSocket: @unchecked Sendable {
    struct Failure: Error {}

    private let descriptor: Int32

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Failure() }
        var patience = timeval(tv_sec: Patience.seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(descriptor) }

    /// Sends bytes, or as many as the other side accepts.
    ///
    /// - Parameters:
    ///   - bytes: What to send.
    ///   - patience: How many seconds to wait for it to take more.
    func write(_ bytes: [UInt8], patience: Int = Patience.seconds) {
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard sent > 0 else { return }
            rest = rest.dropFirst(sent)
        }
    }

    /// Whether nothing arrives for a while.
    func isSilent(milliseconds: Int32) -> Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, milliseconds) == 0
    }

    /// Returns what has arrived so far.
    func readSoFar() -> [UInt8] {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &block, block.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return all }
            all += block.prefix(count)
        }
    }

    func endWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until the other side ends the connection; nil if it does not within `Patience.seconds`.
    func readAll() -> [UInt8]? {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &block, block.count, 0)
            if count > 0 { all += block.prefix(count) } else { return count == 0 || errno == ECONNRESET ? all : nil }
        }
    }

    /// Reads one response from a connection that stays open.
    func readAnswer() throws -> HTTPAnswer {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &block, block.count, 0)
            guard count > 0 else { throw Failure() }
            all += block.prefix(count)
            let answer = HTTPAnswer(all)
            if all.count > answer.head.utf8.count,
                answer.body.utf8.count >= Int(answer.header("content-length") ?? "") ?? 0
            {
                return answer
            }
        }
    }

    func exchange(_ request: String) throws -> HTTPAnswer {
        write(Array(request.utf8))
        guard let bytes = readAll(), !bytes.isEmpty else { throw Failure() }
        return HTTPAnswer(bytes)
    }
}
