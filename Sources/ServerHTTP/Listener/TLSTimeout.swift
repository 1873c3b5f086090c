// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOTLS

/// Closes a TLS connection whose handshake takes too long, or that is idle.
///
/// Before the handshake, there is no request handler with a timeout, and an idle HTTP/2 connection has no stream that
/// could time out.
final class TLSTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// How long a connection may be idle once the server is shutting down.
    private static let patience = TimeAmount.seconds(5)

    private var idle: TimeAmount
    private var isSecured = false
    private var deadline: NIODeadline
    private var timer: Scheduled<Void>?

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - handshake: How long the handshake may take.
    ///   - idle: How long the connection may be idle after the handshake.
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

    /// Shortens the timeouts, so that an idle client does not keep the server from stopping.
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
