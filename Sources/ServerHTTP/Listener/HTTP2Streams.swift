// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOHTTPTypesHTTP2

/// An HTTP/2 connection; each of its streams is one request.
struct HTTP2Streams: ServerChildChannel {
    struct Value: ServerChildChannelValue {
        let streams: NIOHTTP2Handler.AsyncStreamMultiplexer<HTTP1Channel.Value>
        let channel: any Channel
    }

    /// The channel that handles each stream, since a stream looks like an HTTP/1 request above the parser.
    let http1: HTTP1Channel
    let header: TimeAmount
    let body: TimeAmount
    let waiting: [ObjectIdentifier: WaitingStreams]

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let connection = HTTP2ConnectionHandler(waiting[ObjectIdentifier(channel.eventLoop)])
            let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
            let manager = NIOHTTP2ServerConnectionManagementHandler(
                eventLoop: channel.eventLoop,
                configuration: .init(maxIdleTime: header, maxAge: nil, maxGraceTime: .seconds(2), keepalive: nil))
            let streams = try pipeline.configureAsyncHTTP2Pipeline(
                mode: .server, streamDelegate: manager.http2StreamDelegate, frameDelegate: connection
            ) { setup($0, of: bound, logger) }
            try pipeline.addHandlers([connection, manager])
            connection.begin()
            return Value(streams: streams, channel: channel)
        }
    }

    private func setup(
        _ stream: any Channel, of connection: NIOLoopBound<HTTP2ConnectionHandler>, _ logger: Logger
    ) -> EventLoopFuture<HTTP1Channel.Value> {
        stream.eventLoop.makeCompletedFuture {
            let timeout = RequestTimeoutHandler(header: header, body: body, connection: connection.value)
            try stream.pipeline.syncOperations.addHandlers([
                HTTP2FramePayloadToHTTPServerCodec(), timeout, HTTPConnectionStateHandler(logger: logger),
            ])
            return try HTTP1Channel.Value(wrappingChannelSynchronously: stream)
        }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            try await withThrowingDiscardingTaskGroup { group in
                for try await stream in value.streams.inbound {
                    group.addTask { await http1.handle(value: stream, logger: logger) }
                }
            }
        } catch {
            logger.debug("an HTTP/2 connection ended: \(error)")
        }
    }
}
