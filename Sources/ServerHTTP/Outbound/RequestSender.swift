// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// Sends a request as soon as the connection is open, or the tunnel through the proxy.
///
/// The event loop does this itself: on a busy machine, the task that waits for the response may get its turn only after
/// the server has given up waiting for the request.
final class RequestSender: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let parts: [HTTPClientRequestPart]

    /// Creates a handler.
    ///
    /// - Parameter parts: The request.
    init(_ parts: [HTTPClientRequestPart]) {
        self.parts = parts
    }

    func channelActive(context: ChannelHandlerContext) {
        // Without a flush in between, since a server may respond and close as soon as it has seen the head.
        for part in parts { context.write(wrapOutboundOut(part), promise: nil) }
        context.flush()
        context.fireChannelActive()
    }
}
