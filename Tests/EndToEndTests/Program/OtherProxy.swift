// SPDX-License-Identifier: Apache-2.0

import Foundation
import Support
import Synchronization

/// A proxy, which keeps the requests for tunnels and answers them as a test says.
final class OtherProxy: Sendable {
    /// What the proxy does with a request.
    enum Answer: Sendable {
        /// Leads to a port of this machine, and sends bytes right behind its answer.
        case tunnel(UInt16, then: [UInt8] = [])
        /// Sends bytes and closes.
        case bytes([UInt8])
        /// Sends bytes one by one, without an end.
        case drip([UInt8])
        case silence
    }

    private final class Received: Sendable {
        private let requests = Mutex<[String]>([])
        var all: [String] { requests.withLock { $0 } }
        func add(_ request: String) { requests.withLock { $0.append(request) } }
    }

    private let listener: LocalListener
    private let received: Received

    init(answer: @escaping @Sendable (String) -> Answer) throws {
        let received = Received()
        self.received = received
        listener = try LocalListener { connection in
            let request = OtherServer.read(connection)
            received.add(request)
            OtherProxy.serve(connection, answer(request))
        }
    }

    var port: UInt16 { listener.port }
    var requests: [String] { received.all }

    /// The hosts and ports of the tunnels that were asked for.
    var targets: [String] {
        requests.map { request in
            request.firstMatch(of: /^CONNECT ([^ ]+) HTTP\/1\.1\r\n/).map { String($0.1) } ?? request
        }
    }

    private static func serve(_ connection: Int32, _ answer: Answer) {
        switch answer {
        case .tunnel(let port, let more):
            guard let other = LocalListener.connection(to: port) else { return }
            LocalListener.send(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8) + more, to: connection)
            join(connection, other)
        case .bytes(let bytes): LocalListener.send(bytes, to: connection)
        case .drip(let bytes):
            for byte in bytes {
                guard LocalListener.send([byte], to: connection) else { return }
                usleep(50_000)
            }
        case .silence: sleep(UInt32(Patience.seconds))
        }
    }

    /// Copies bytes in both directions until one side closes.
    private static func join(_ client: Int32, _ server: Int32) {
        let copied = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            copy(server, client)
            shutdown(client, Int32(SHUT_RDWR))
            copied.signal()
        }
        copy(client, server)
        shutdown(server, Int32(SHUT_RDWR))
        copied.wait()
        close(server)
    }

    private static func copy(_ source: Int32, _ sink: Int32) {
        var buffer = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0, LocalListener.send(buffer.prefix(count), to: sink) else { return }
        }
    }
}
