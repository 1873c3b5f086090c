// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes
import NIOTLS

/// A client took longer for a request's body than it may.
struct BodyTimeoutError: Error {}

/// Bounds how long a client may take for the headers and for the body of each request; the answer takes as long as it
/// takes.
///
/// Without headers there is nothing to answer, so the connection is closed; a body that does not come is answered.
final class RequestTimeoutHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the client is being waited for.
    private enum Awaited {
        case headers
        case body
        case nothing
    }

    private let header: TimeAmount
    private let body: TimeAmount
    private var awaited = Awaited.headers
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?
    private var unanswered = 0

    init(header: TimeAmount, body: TimeAmount) {
        self.header = header
        self.body = body
    }

    func handlerAdded(context: ChannelHandlerContext) {
        wait(for: .headers, header)
        schedule(context, in: min(header, body))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            unanswered += 1
            wait(for: .body, body)
        case .body: break
        case .end: awaited = .nothing
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) {
            unanswered -= 1
            if unanswered == 0 { wait(for: .headers, header) }
        }
        context.write(data, promise: promise)
    }

    private func wait(for awaited: Awaited, _ time: TimeAmount) {
        self.awaited = awaited
        deadline = .now() + time
    }

    /// One timer a connection, which looks again when the time may be over: setting one for each request costs more.
    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.look(context) }
    }

    private func look(_ context: ChannelHandlerContext) {
        let rest = deadline - .now()
        guard awaited != .nothing else { return schedule(context, in: min(header, body)) }
        guard rest <= .zero else { return schedule(context, in: min(rest, min(header, body))) }
        switch awaited {
        case .headers: context.close(promise: nil)
        case .body:
            awaited = .nothing
            context.fireErrorCaught(BodyTimeoutError())
        case .nothing: break
        }
    }
}

/// Bounds how long a client may take for the TLS handshake, before which no request handler is there.
final class HandshakeTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private let time: TimeAmount
    private var timer: Scheduled<Void>?

    init(_ time: TimeAmount) {
        self.time = time
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { context.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted = event { timer?.cancel() }
        context.fireUserInboundEventTriggered(event)
    }
}
