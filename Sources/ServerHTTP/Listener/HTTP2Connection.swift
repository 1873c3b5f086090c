// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2
import NIOSSL

/// Closes an HTTP/2 connection whose client violates the protocol or keeps too many streams waiting.
final class HTTP2ConnectionHandler: ChannelInboundHandler, NIOHTTP2FrameDelegate, RemovableChannelHandler {
    typealias InboundIn = HTTP2Frame
    typealias InboundOut = HTTP2Frame
    typealias OutboundOut = HTTP2Frame

    /// The number of this connection's streams that wait for the client.
    var waiting = 0

    private let others: WaitingStreams?
    private var hasJustReset = false
    private var context: ChannelHandlerContext?

    /// Creates a handler.
    ///
    /// - Parameter others: The waiting streams of all connections on the same event loop.
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

    /// Starts the library's idle timer, which waits for the connection to become active; this one has been active since
    /// before its handshake.
    func begin() {
        context?.fireChannelActive()
    }

    /// Records that streams have begun or stopped waiting for the client.
    func changeWaiting(by count: Int) {
        others?.change(self, by: count)
    }

    /// Tells the client that it asks for too much (RFC 9113 section 7), and closes the connection with all its streams.
    ///
    /// Deferred to the next turn of the event loop, since the current one may be handling one of these streams.
    func endForExcess() {
        guard let context else { return }
        context.eventLoop.assumeIsolated().execute {
            let goAway = HTTP2Frame.FramePayload.goAway(
                lastStreamID: .maxID, errorCode: .enhanceYourCalm, opaqueData: nil)
            let frame = HTTP2Frame(streamID: .rootStream, payload: goAway)
            context.writeAndFlush(self.wrapOutboundOut(frame), promise: nil)
            // Closes below TLS, whose closing handshake would wait for a client that may not respond.
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

    /// Closes the connection for connection errors; a malformed request is a stream error (RFC 9113 section 8.1.1).
    ///
    /// The library reports both kinds of error in the same way, right after it has written the frame for the client:
    /// RST_STREAM for a stream error, GOAWAY for a connection error.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isOfStream = hasJustReset && error is any NIOHTTP2Error
        hasJustReset = false
        if !isOfStream { context.close(promise: nil) }
    }
}
