// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// A client took longer for a request's body than it may.
struct BodyTimeoutError: Error {}

/// Bounds how long a client may take to send headers and body and to read the answer; to make the answer may take as
/// long as it takes.
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
        case delivery
        case nothing
    }

    private let header: TimeAmount
    private let body: TimeAmount
    private let connection: HTTP2ConnectionHandler?
    private var awaited = Awaited.headers { didSet { isWaiting = awaited != .nothing } }
    private var isWaiting = false { didSet { note(oldValue) } }
    private var deadline = NIODeadline.distantFuture
    private var timer: Scheduled<Void>?

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - header: How long headers may take, and how long the client may take to read the answer.
    ///   - body: How long the body may take.
    ///   - connection: What the request is a stream of, with HTTP/2.
    init(header: TimeAmount, body: TimeAmount, connection: HTTP2ConnectionHandler? = nil) {
        self.header = header
        self.body = body
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        HTTP1RequestHandler.add(to: context.pipeline)
        wait(for: .headers, header)
        schedule(context, in: min(header, body))
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        isWaiting = false
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        isWaiting = false
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: wait(for: .body, body)
        case .body: break
        case .end: if awaited == .body { awaited = .nothing }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        wait(for: .delivery, header)
        context.write(data, promise: promise)
    }

    private func note(_ wasWaiting: Bool) {
        guard isWaiting != wasWaiting else { return }
        connection?.changeWaiting(by: isWaiting ? 1 : -1)
    }

    private func wait(for awaited: Awaited, _ time: TimeAmount) {
        self.awaited = awaited
        deadline = .now() + time
    }

    /// One timer a connection, which looks again when the time may be over: setting one for each request costs more.
    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.look(context) }
    }

    /// An answer that was read leaves its client the time for headers; one that was not has the time of a body on top.
    private func lookForDelivery(_ context: ChannelHandlerContext, _ rest: TimeAmount) {
        guard isDelivered(context) || rest <= .zero - body else { return schedule(context, in: rest + body) }
        context.close(promise: nil)
    }

    /// Asked for when the time is over, since a promise for each answer costs more.
    private func isDelivered(_ context: ChannelHandlerContext) -> Bool {
        // A stream of HTTP/2 ends with its answer, so one that is still there has not been read; it knows no such option
        // and would end the process if asked.
        guard context.channel.parent?.parent == nil else { return false }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0
    }

    private func look(_ context: ChannelHandlerContext) {
        let rest = deadline - .now()
        guard awaited != .nothing else { return schedule(context, in: min(header, body)) }
        guard rest <= .zero else { return schedule(context, in: min(rest, min(header, body))) }
        switch awaited {
        case .headers: context.close(promise: nil)
        case .delivery: lookForDelivery(context, rest)
        case .body:
            awaited = .nothing
            context.fireErrorCaught(BodyTimeoutError())
        case .nothing: break
        }
    }
}
