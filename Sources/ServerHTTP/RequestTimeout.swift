// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// A client took longer for a request's body than it may.
struct BodyTimeoutError: Error {}

/// Bounds how long a client may take for the headers and for the body of each request.
///
/// Without headers there is nothing to answer, so the connection is closed; a body that does not come is answered.
final class RequestTimeoutHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private let header: TimeAmount
    private let body: TimeAmount
    private var timer: Scheduled<Void>?

    init(header: TimeAmount, body: TimeAmount) {
        self.header = header
        self.body = body
    }

    func handlerAdded(context: ChannelHandlerContext) {
        awaitHeaders(context)
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
        case .head: awaitBody(context)
        case .body: break
        case .end: awaitHeaders(context)
        }
        context.fireChannelRead(data)
    }

    private func awaitHeaders(_ context: ChannelHandlerContext) {
        schedule(context, in: header) { context.close(promise: nil) }
    }

    private func awaitBody(_ context: ChannelHandlerContext) {
        schedule(context, in: body) { context.fireErrorCaught(BodyTimeoutError()) }
    }

    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount, _ act: @escaping () -> Void) {
        timer?.cancel()
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time, act)
    }
}
