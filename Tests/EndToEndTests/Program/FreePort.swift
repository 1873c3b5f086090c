// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A port for something that listens later.
///
/// The system assigns ports from its own range to any program that asks for one, so such a port may be taken by the
/// time it is needed. Ports below that range are only taken by programs that name them.
enum FreePort {
    private static let taken = Mutex<Set<UInt16>>([])

    struct NoneLeft: Error {}

    /// A port of 127.0.0.1 at which nothing listens and that no other test of this run gets.
    static func take() throws -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 20_000..<30_000)
            if taken.withLock({ $0.insert(port).inserted }), isFree(port) { return port }
        }
        throw NoneLeft()
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
