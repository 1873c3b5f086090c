// SPDX-License-Identifier: Apache-2.0

import GrantKit
import NIOCore

/// Asks a proxy for a tunnel, and keeps the handlers after it waiting until the tunnel is open.
///
/// They see the connection only then, so TLS begins in the tunnel, as if the proxy were not there.
final class ProxyTunnel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let request: TunnelRequest
    private let opened: EventLoopPromise<Void>
    private var answer: [UInt8] = []
    private var isOpen = false
    private var isOver = false

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - request: What to ask the proxy for.
    ///   - loop: The event loop of the connection.
    init(_ request: TunnelRequest, on loop: any EventLoop) {
        self.request = request
        opened = loop.makePromise()
    }

    /// Succeeds when the tunnel is open; fails with the reason why it does not open.
    var result: EventLoopFuture<Void> { opened.futureResult }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: request.bytes)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOpen else { return context.fireChannelRead(data) }
        guard !isOver else { return }
        answer += unwrapInboundIn(data).readableBytesView
        do {
            guard try request.isAccepted(by: answer) else { return }
            (isOpen, answer) = (true, [])
            opened.succeed()
            context.fireChannelActive()
        } catch {
            isOver = true
            opened.fail(error)
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if isOpen { context.fireChannelReadComplete() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        opened.fail(OutboundError("the connection to the proxy broke: \(error)"))
        context.fireErrorCaught(error)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail()
    }

    /// Has no effect if the result is known already.
    private func fail() {
        opened.fail(OutboundError("the proxy closed the connection before its answer was complete"))
    }
}
