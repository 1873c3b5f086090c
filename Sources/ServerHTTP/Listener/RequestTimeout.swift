// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTPTypes

/// The error when a client takes too long to send a request's body.
struct BodyTimeoutError: Error {}

/// Limits how long a client may take to send headers and body and to read the response, but not how long the server
/// takes to respond.
///
/// If the headers do not arrive, the connection is closed, since there is nothing to respond to. If the body does not
/// arrive, the client gets a response.
final class RequestTimeoutHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// What the server is waiting for.
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

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - header: How long the client may take to send the headers, and how long to read the response.
    ///   - body: How long the client may take to send the body.
    ///   - connection: The connection of the stream, for HTTP/2.
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

    /// Sets the timer of the connection; one timer that checks deadlines is cheaper than one timer for each request.
    private func schedule(_ context: ChannelHandlerContext, in time: TimeAmount) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: time) { self.look(context) }
    }

    /// Closes the connection if the client has read the response and sent nothing since, or if it has not read the
    /// response within the time for headers and body.
    private func lookForDelivery(_ context: ChannelHandlerContext, _ rest: TimeAmount) {
        guard isDelivered(context) || rest <= .zero - body else { return schedule(context, in: rest + body) }
        context.close(promise: nil)
    }

    /// Whether the client has read the response; checked at the deadline, since a promise for each response costs more.
    private func isDelivered(_ context: ChannelHandlerContext) -> Bool {
        // An HTTP/2 stream ends with its response, so if it still exists, the response has not been read. Streams do
        // not have the option below, and asking for it would end the process.
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
