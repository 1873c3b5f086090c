// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// The HTTP/2 streams that wait for their clients, for all connections on one event loop.
///
/// A client may begin a hundred requests on one connection, and neither complete them nor read the responses. Each
/// takes memory until it times out, so their total number is limited. If the limit is exceeded, the connection with the
/// most waiting streams is closed; well-behaved clients have next to none.
final class WaitingStreams: Sendable {
    /// The minimum limit: the number of streams that one connection may have open.
    private static let least = 100

    private let most: Int
    // Safe: both are used on the event loop's thread only.
    @safe private nonisolated(unsafe) var count = 0
    @safe private nonisolated(unsafe) var connections: [ObjectIdentifier: HTTP2ConnectionHandler] = [:]

    private init(most: Int) {
        self.most = most
    }

    /// Creates one for each event loop in the group that all listeners use; the limits allow one stream per connection
    /// in total.
    static func onEachLoop(connections: Int) -> [ObjectIdentifier: WaitingStreams] {
        let loops = Array(MultiThreadedEventLoopGroup.singleton.makeIterator())
        let most = max(least, connections / max(loops.count, 1))
        return loops.reduce(into: [:]) { $0[ObjectIdentifier($1)] = WaitingStreams(most: most) }
    }

    func add(_ connection: HTTP2ConnectionHandler) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func remove(_ connection: HTTP2ConnectionHandler) {
        guard connections.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        count -= connection.waiting
    }

    func change(_ connection: HTTP2ConnectionHandler, by difference: Int) {
        guard connections[ObjectIdentifier(connection)] != nil else { return }
        connection.waiting += difference
        count += difference
        guard count > most, let greediest = connections.values.max(by: { $0.waiting < $1.waiting }) else { return }
        remove(greediest)
        greediest.endForExcess()
    }
}
