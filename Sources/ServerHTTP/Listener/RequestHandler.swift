// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit
import NIOCore
import NIOHTTP1
import OutsideText

/// Serves the requests of an HTTP/1 connection one after the other, or the one request of an HTTP/2 stream.
///
/// It collects a request, has the response made by a task on the connection's own event loop, and writes it.
final class RequestHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Stage {
        /// A request may begin.
        case ready
        /// The body of a request is arriving.
        case reading
        /// The response is being made.
        case responding
        /// The last response has been written, and what still arrives is dropped.
        case over
    }

    private let responder: HTTPResponder
    private let timeout: RequestTimeout
    /// What holds back the next request; nil on a stream.
    private let pipelining: PipeliningHandler?
    /// The other end of the connection.
    private let peer: ClientAddress.Peer

    private var stage = Stage.ready
    private var request = ServerRequest(head: .unreadable)
    private var isHTTP10 = false
    /// Whether the current request has arrived completely.
    private var isRead = false
    /// Whether the connection ends after the current response.
    private var isLast = false
    private var executor: EventLoopExecutor?
    private var context: ChannelHandlerContext?

    /// Creates a handler.
    ///
    /// - Parameters:
    ///   - responder: Makes the responses.
    ///   - timeout: Limits how long the client may take.
    ///   - pipelining: What holds back the next request of an HTTP/1 connection; nil for an HTTP/2 stream.
    ///   - peer: The IP address of the other end of the connection.
    init(_ responder: HTTPResponder, _ timeout: RequestTimeout, _ pipelining: PipeliningHandler?, peer: String) {
        self.responder = responder
        self.timeout = timeout
        self.pipelining = pipelining
        self.peer = responder.addresses.peer(peer)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        executor = EventLoopExecutor.of(context.eventLoop)
        timeout.start(context) { [weak self] in self?.bodyIsLate() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timeout.stop()
        stage = .over
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        timeout.stop()
        stage = .over
        context.fireChannelInactive()
    }

    // MARK: reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): if stage == .ready { begin(head, context) }
        case .body(let bytes): if stage == .reading { take(bytes, context) }
        case .end: complete(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return closeLater(context) }
        switch stage {
        case .ready:
            // The head is what cannot be read.
            expect(.unreadable, context)
            refuse(RequestRefusal(error), context)
        case .reading: refuse(RequestRefusal(error), context)
        case .responding, .over: break
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        expect(RequestHead(head, peer: peer, responder.addresses), context)
        isHTTP10 = head.version == .http1_0
        if let pipelining {
            let framing = HTTP1Framing(head)
            isLast = framing.isLast || !head.isKeepAlive
            pipelining.begin(body: framing.length)
            if let fault = framing.fault { return refuse(fault, context) }
        }
        if let refusal = responder.refusal(of: request.head, isHTTP10: isHTTP10) { return refuse(refusal, context) }
        timeout.expect(.body)
        guard !isHTTP10, request.head[header: "expect"]?.raw.isWord("100-continue") == true else { return }
        // The client waits for this response before it sends the body (RFC 9110 section 10.1.1).
        let goOn = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(goOn)), promise: nil)
    }

    private func expect(_ head: RequestHead, _ context: ChannelHandlerContext) {
        stage = .reading
        request = ServerRequest(head: head)
        isRead = false
    }

    private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        guard bytes.readableBytes <= RequestLimit.body - request.body.count else {
            return refuse(.bodyTooLarge, context)
        }
        request.body += bytes.readableBytesView
    }

    private func complete(_ context: ChannelHandlerContext) {
        isRead = true
        guard stage == .reading else { return }
        if isLast { pipelining?.finish() } else { pipelining?.complete() }
        respond(context)
    }

    private func bodyIsLate() {
        if let context { refuse(.bodyTooSlow, context) }
    }

    private func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        guard stage == .reading else { return }
        isLast = true
        pipelining?.finish()
        respond(refusing: refusal, context)
    }

    // MARK: responding

    /// Has the response made, together with those to all requests that have arrived in this turn of the event loop
    /// (decision 0014).
    private func respond(refusing refusal: RequestRefusal? = nil, _ context: ChannelHandlerContext) {
        stage = .responding
        timeout.expect(.nothing)
        let (responder, request, eventLoop) = (responder, request, context.eventLoop)
        let handler = NIOLoopBound(self, eventLoop: eventLoop)
        self.request.body = []
        Task(executorPreference: executor) {
            let response = await responder.respond(to: request, refusing: refusal)
            if eventLoop.inEventLoop { return handler.value.send(response) }
            eventLoop.execute { handler.value.send(response) }
        }
    }

    private func send(_ response: ServerResponse) {
        guard stage == .responding, let context else { return }
        timeout.expect(.delivery)
        let head = responder.head(of: response, connection: persistence)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !response.body.isEmpty, request.head.method != "HEAD" {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        // Closing with unread bytes would reset the connection before the client reads the response. So only one side is
        // closed, and the timeout closes the other.
        if isLast { return end(context, closing: isRead || pipelining == nil ? .all : .output) }
        stage = .ready
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        pipelining?.answered()
    }

    /// The `Connection` of the response (RFC 9112 section 9.3); an HTTP/1.0 client has to be told that it stays open.
    private var persistence: String? {
        guard pipelining != nil else { return nil }
        return isLast ? "close" : isHTTP10 ? "keep-alive" : nil
    }

    // MARK: ending

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent {
            // A connection that only drops what arrives is not waited for.
            if stage == .over, !isRead { context.close(promise: nil) } else { endSoon(context) }
        } else if event as? ChannelEvent == .inputClosed {
            endSoon(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Ends the connection after the current request, or at once if there is none.
    private func endSoon(_ context: ChannelHandlerContext) {
        switch stage {
        case .ready: end(context, closing: .all)
        case .reading, .responding: isLast = true
        case .over: break
        }
    }

    /// Closes the connection in the next turn of the event loop.
    ///
    /// In the current one, a stream may just be beginning, and the HTTP/2 library would record its end first.
    private func closeLater(_ context: ChannelHandlerContext) {
        stage = .over
        context.eventLoop.assumeIsolated().execute { context.close(promise: nil) }
    }

    /// Closes the connection once everything has been written.
    private func end(_ context: ChannelHandlerContext, closing mode: CloseMode) {
        stage = .over
        pipelining?.finish()
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            context.close(mode: mode, promise: nil)
        }
    }
}
