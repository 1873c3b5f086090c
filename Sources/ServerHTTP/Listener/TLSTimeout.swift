// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOTLS

/// Ends a TLS connection whose handshake does not come, or on which nothing comes any more.
///
/// Before the handshake no request handler is there, and an idle HTTP/2 connection has no stream that could time out.
final class TLSTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// How long a connection may stay silent when the server is about to stop.
    private static let patience = TimeAmount.seconds(5)

    private var idle: TimeAmount
    private var isSecured = false
    private var deadline: NIODeadline
    private var timer: Scheduled<Void>?

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - handshake: How long the handshake may take.
    ///   - idle: How long nothing may come after it.
    init(handshake: TimeAmount, idle: TimeAmount) {
        self.idle = idle
        deadline = .now() + handshake
    }

    func handlerAdded(context: ChannelHandlerContext) {
        schedule(context)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        deadline = .now() + idle
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case TLSUserEvent.handshakeCompleted: (isSecured, deadline) = (true, .now() + idle)
        case is ChannelShouldQuiesceEvent: hurry(context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A client that does not go when it is told to must not keep the server from stopping.
    private func hurry(_ context: ChannelHandlerContext) {
        idle = min(idle, TLSTimeoutHandler.patience)
        deadline = isSecured ? min(deadline, .now() + idle) : .now()
        timer?.cancel()
        schedule(context)
    }

    private func schedule(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        if deadline > .now() { schedule(context) } else { context.close(promise: nil) }
    }
}
