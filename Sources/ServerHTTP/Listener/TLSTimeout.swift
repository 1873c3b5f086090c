// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOTLS

/// Closes a TLS connection whose handshake takes too long, or an HTTP/2 connection whose client does not send anything.
///
/// Before the handshake, there is no request handler with a timeout, and an idle HTTP/2 connection has no stream that
/// could time out. An HTTP/1 connection always has a request handler after the handshake, so this handler is removed.
final class TLSTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    /// How long a client may take to acknowledge that the server is shutting down.
    private static let patience = TimeAmount.seconds(5)

    private let idle: TimeAmount
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
        if event is ChannelShouldQuiesceEvent { hurry(context) }
        context.fireUserInboundEventTriggered(event)
        if case .handshakeCompleted(let version)? = event as? TLSUserEvent { secure(context, version) }
    }

    private func secure(_ context: ChannelHandlerContext, _ version: String?) {
        isSecured = true
        deadline = .now() + idle
        if version != "h2" { context.pipeline.syncOperations.removeHandler(context: context, promise: nil) }
    }

    /// Shortens the current wait, so that a client that does not respond does not keep the server from stopping.
    ///
    /// The library sends a PING with its GOAWAY. A client that acknowledges it has as much time for its requests as
    /// before.
    private func hurry(_ context: ChannelHandlerContext) {
        deadline = isSecured ? min(deadline, .now() + TLSTimeoutHandler.patience) : .now()
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
