// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The open connections of a listener: limits their number, and ends them when the listener is closed.
///
/// The event loop accepts several connections at a time, so the limit may be exceeded by a few.
final class OpenConnections: ChannelDuplexHandler, Sendable {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel
    typealias OutboundIn = Never
    typealias OutboundOut = Never

    private let most: Int
    private let ended: EventLoopPromise<Void>
    // Safe: all of these are used on the listener's event loop only.
    @safe private nonisolated(unsafe) var open: [ObjectIdentifier: any Channel] = [:]
    @safe private nonisolated(unsafe) var isReadDue = false
    @safe private nonisolated(unsafe) var isClosing = false

    /// Creates the open connections of a listener.
    ///
    /// - Parameters:
    ///   - most: The maximum number; further ones wait in the socket's queue.
    ///   - eventLoop: The listener's event loop.
    init(_ most: Int, on eventLoop: any EventLoop) {
        self.most = most
        ended = eventLoop.makePromise()
    }

    deinit {
        // Nothing else does this if the listener cannot be opened.
        ended.succeed()
    }

    /// Waits until the listener and all its connections have been closed.
    func waitForEnd() async throws {
        try await ended.futureResult.get()
    }

    /// Closes all connections at once.
    func abort() {
        ended.futureResult.eventLoop.execute { [self] in
            for connection in open.values { connection.close(promise: nil) }
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        let id = ObjectIdentifier(connection)
        open[id] = connection
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        connection.closeFuture.hop(to: context.eventLoop).whenComplete { [self] _ in remove(id, bound.value) }
        context.fireChannelRead(data)
    }

    func read(context: ChannelHandlerContext) {
        isReadDue = open.count >= most
        if !isReadDue { context.read() }
    }

    /// Asks each connection to end after its current request.
    func channelInactive(context: ChannelHandlerContext) {
        isClosing = true
        for connection in open.values {
            // In a job of its own, so that a connection that has just been accepted has its handlers.
            connection.eventLoop.execute {
                connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
        }
        endIfEmpty()
        context.fireChannelInactive()
    }

    private func remove(_ id: ObjectIdentifier, _ context: ChannelHandlerContext) {
        open[id] = nil
        if isClosing { return endIfEmpty() }
        guard isReadDue, open.count < most else { return }
        isReadDue = false
        context.read()
    }

    private func endIfEmpty() {
        if open.isEmpty { ended.succeed() }
    }
}
