// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// A server that answers each line with one that depends on how it begins.
final class TestConnection: Connection {
    private let isSecure: Bool
    private let last = Mutex("")

    init(isSecure: Bool) {
        self.isSecure = isSecure
    }

    func send(_ bytes: [UInt8]) async throws {
        guard isSecure else { throw OutboundError("the connection is not encrypted") }
        last.withLock { $0 = String(decoding: bytes, as: UTF8.self) }
    }

    func receive() async throws -> [UInt8] {
        let answer = last.withLock { line in line.hasPrefix("BIND uid=ann pw") ? "0" : "250" }
        return Array(answer.utf8)
    }

    func close() async {}
}
