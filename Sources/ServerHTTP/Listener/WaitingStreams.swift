// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// The streams of HTTP/2 that wait for their clients, of all connections on one event loop.
///
/// A client may begin a hundred requests on one connection, and neither send them as a whole nor take their answers. Each
/// takes memory until its time is over, so there is a bound for all of them. Where it is passed, the connection with the
/// most such streams is ended: clients that take what they ask for have next to none.
final class WaitingStreams: Sendable {
    /// As many as one connection may have open.
    private static let least = 100

    private let most: Int
    // Both are touched on the event loop's thread alone.
    @safe private nonisolated(unsafe) var count = 0
    @safe private nonisolated(unsafe) var connections: [ObjectIdentifier: HTTP2ConnectionHandler] = [:]

    private init(most: Int) {
        self.most = most
    }

    /// Makes one for each event loop of the group that every listener uses: a stream for each connection in all.
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
