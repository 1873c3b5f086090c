// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2
import NIOSSL

/// Ends a connection of HTTP/2 whose client does what it may not, or keeps too many streams waiting.
final class HTTP2ConnectionHandler: ChannelInboundHandler, NIOHTTP2FrameDelegate, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// How many of its streams wait for the client.
    var waiting = 0

    private let others: WaitingStreams?
    private var hasJustReset = false
    private var context: ChannelHandlerContext?

    /// Makes a handler.
    ///
    /// - Parameter others: The streams of all connections on the same event loop.
    init(_ others: WaitingStreams?) {
        self.others = others
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        others?.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        others?.remove(self)
    }

    /// The library counts idle time from when a connection becomes active, which this one has been since before its
    /// handshake.
    func begin() {
        context?.fireChannelActive()
    }

    /// Some streams have begun to wait for the client, or have ended to.
    func changeWaiting(by count: Int) {
        others?.change(self, by: count)
    }

    /// Tells the client to ask for less (RFC 9113 section 7), and is rid of it and all its streams at once.
    ///
    /// Not before what is going on is over, since that may be one of these streams.
    func endForExcess() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().execute {
            let goAway = HTTP2Frame.FramePayload.goAway(
                lastStreamID: .maxID, errorCode: .enhanceYourCalm, opaqueData: nil)
            let frame = HTTP2Frame(streamID: .rootStream, payload: goAway)
            context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
            // The end of TLS would wait for a client that may not answer.
            let tls = try? context.pipeline.syncOperations.context(handlerType: NIOSSLServerHandler.self)
            (tls ?? context).close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        others?.remove(self)
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    func wroteFrame(_ frame: HTTP2Frame) {
        if case .rstStream = frame.payload { hasJustReset = true } else { hasJustReset = false }
    }

    /// A malformed request is an error of its stream alone (RFC 9113 section 8.1.1).
    ///
    /// The library reports both kinds in the same way, right after it has written what tells the client: a reset for an
    /// error of a stream, and GOAWAY for one of the connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isOfStream = hasJustReset && error is any NIOHTTP2Error
        hasJustReset = false
        if !isOfStream { context.close(promise: nil) }
    }
}
