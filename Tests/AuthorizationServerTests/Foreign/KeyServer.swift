// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// Serves key sets to the server under test, and can be slow.
final class KeyServer: OutboundHTTP {
    private struct State {
        var reply = OutboundReply(status: 200)
        var asked: [String: Int] = [:]
        var isClosed = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    init(_ keys: JSON) {
        serve(keys)
    }

    /// The number of requests to an address.
    func asked(_ address: String = KeyServer.address) -> Int { state.withLock { $0.asked[address] ?? 0 } }
    /// The number of requests that wait for the gate.
    var waiting: Int { state.withLock { $0.waiting.count } }

    static let address = "https://robot.example.com/keys"

    func serve(_ keys: JSON, cache: [String] = []) {
        reply(OutboundReply(status: 200, headers: cache.map { ("cache-control", $0) }, body: keys.bytes))
    }

    func reply(_ reply: OutboundReply) {
        state.withLock { $0.reply = reply }
    }

    /// Lets requests wait until the gate opens.
    func close() {
        state.withLock { $0.isClosed = true }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { (state.isClosed, state.waiting) = (false, []) }
            return state.waiting
        }
        for request in waiting { request.resume() }
    }

    func send(_ request: OutboundRequest) async throws -> OutboundReply {
        state.withLock { $0.asked[request.url, default: 0] += 1 }
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if state.isClosed { state.waiting.append(continuation) }
                return !state.isClosed
            }
            if isOpen { continuation.resume() }
        }
        let reply = state.withLock { $0.reply }
        guard reply.status != 0 else { throw OutboundError("nobody answers") }
        return reply
    }
}
