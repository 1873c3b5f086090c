// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle

/// Listens until it is shut down, and then lets requests in progress finish.
struct HTTPServer: Service {
    let host: String
    let port: Int
    let maxConnections: Int
    let pipeline: ConnectionPipeline
    let logger: Logger
    /// Called with the port once connections are accepted.
    let running: @Sendable (Int) async -> Void

    func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let eventLoop = group.next()
        let connections = OpenConnections(maxConnections, on: eventLoop)
        let listener = try await bootstrap(eventLoop, group, connections).bind(host: host, port: port).get()
        await running(listener.localAddress?.port ?? port)
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await connections.waitForEnd()
            } onGracefulShutdown: {
                listener.close(promise: nil)
            }
        } onCancel: {
            listener.close(promise: nil)
            connections.abort()
        }
    }

    private func bootstrap(
        _ eventLoop: any EventLoop, _ group: MultiThreadedEventLoopGroup, _ connections: OpenConnections
    ) -> ServerBootstrap {
        ServerBootstrap(group: eventLoop, childGroup: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { [logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    let handlers: [any ChannelHandler] = [AcceptPauseHandler(logger), connections]
                    try channel.pipeline.syncOperations.addHandlers(handlers)
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer(pipeline.setUp)
    }
}
