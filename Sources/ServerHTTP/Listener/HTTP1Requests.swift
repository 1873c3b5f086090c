// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Checks HTTP/1 requests while their version is still known, and makes sure that unreadable requests are answered.
///
/// In place of bytes that cannot be parsed, it passes on a request that carries the reason. So earlier requests on the
/// connection are answered first, and the client gets a response that says what is wrong.
final class HTTP1RequestHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// The header field with the reason why a request is unreadable; a client that sends it gets its own request
    /// refused.
    static let unreadable = "grantor-unreadable"

    private let pipelining: PipeliningHandler
    private var isInRequest = false
    private var isLast = false
    private var hasFailed = false

    private init(_ pipelining: PipeliningHandler) {
        self.pipelining = pipelining
    }

    /// Adds a handler before the codec that drops the version; an HTTP/2 pipeline has no such codec.
    static func add(to pipeline: ChannelPipeline) {
        let operations = pipeline.syncOperations
        guard let codec = try? operations.handler(type: HTTP1ToHTTPServerCodec.self),
            let pipelining = try? PipeliningHandler.add(to: pipeline)
        else { return }
        try? operations.addHandler(HTTP1RequestHandler(pipelining), position: .before(codec))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !hasFailed else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, context)
        case .body: context.fireChannelRead(data)
        case .end:
            isInRequest = false
            if isLast { pipelining.finish() } else { pipelining.complete() }
            context.fireChannelRead(data)
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        context.write(data, promise: promise)
        if case .end = unwrapOutboundIn(data) { pipelining.answered() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        guard !hasFailed else { return }
        if !isInRequest { return refuse(error.reason, context) }
        // The code that is reading the body gets the error and responds.
        hasFailed = true
        pipelining.finish()
        context.fireErrorCaught(error)
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        let framing = HTTP1Framing(head)
        if let fault = framing.fault { return refuse(fault, context) }
        isInRequest = true
        isLast = framing.isLast
        pipelining.begin(body: framing.length)
        var head = head.version == .http1_0 ? HTTP1RequestHandler.asNewer(head) : head
        if isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// Passes on a request that carries the reason, and nothing after it.
    private func refuse(_ reason: String, _ context: ChannelHandlerContext) {
        hasFailed = true
        pipelining.finish()
        let headers: HTTPHeaders = [
            "host": "unknown", "connection": "close", HTTP1RequestHandler.unreadable: reason,
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: headers)
        context.fireChannelRead(wrapInboundOut(.head(head)))
        context.fireChannelRead(wrapInboundOut(.end(nil)))
        context.fireChannelReadComplete()
    }

    /// An HTTP/1.0 request translated to HTTP/1.1: it needs no host (RFC 9112 section 3.2), its connection closes
    /// unless it asks otherwise (RFC 9112 section 9.3), and it does not wait for a 100 response (RFC 9110 section
    /// 10.1.1).
    private static func asNewer(_ head: HTTPRequestHead) -> HTTPRequestHead {
        var head = head
        head.headers.remove(name: "expect")
        if !head.isKeepAlive { head.headers.replaceOrAdd(name: "connection", value: "close") }
        if !head.headers.contains(name: "host") { head.headers.add(name: "host", value: "unknown") }
        return head
    }
}
