// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOSSL

/// Adds to a connection the handlers that serve it: HTTP/1.1, or with TLS the version that the client and the server
/// agree on (RFC 7301).
struct ConnectionPipeline: Sendable {
    let responder: HTTPResponder
    /// How long a client may take to send the headers.
    let header: TimeAmount
    /// How long a client may take to send the body.
    let body: TimeAmount
    /// The TLS context that connections share; nil without TLS.
    let tls: NIOSSLContext?
    /// The waiting streams on each event loop.
    let waiting: [ObjectIdentifier: WaitingStreams]

    /// The TLS context, with the offered HTTP versions.
    static func context(_ configuration: TLSConfiguration) throws -> NIOSSLContext {
        var configuration = configuration
        configuration.applicationProtocols = NIOHTTP2SupportedALPNProtocols
        return try NIOSSLContext(configuration: configuration)
    }

    /// Adds the handlers to a new connection.
    func setUp(_ channel: any Channel) -> EventLoopFuture<Void> {
        guard let tls else { return setUpHTTP1(channel) }
        return channel.eventLoop.makeCompletedFuture {
            let handlers: [any ChannelHandler] = [
                NIOSSLServerHandler(context: tls), TLSTimeoutHandler(handshake: header, idle: header * 6),
            ]
            try channel.pipeline.syncOperations.addHandlers(handlers)
        }.flatMap {
            channel.configureHTTP2SecureUpgrade(
                h2ChannelConfigurator: setUpHTTP2, http1ChannelConfigurator: setUpHTTP1)
        }
    }

    @Sendable
    private func setUpHTTP1(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let pipelining = PipeliningHandler()
            try pipeline.addHandler(pipelining)
            try pipeline.configureHTTPServerPipeline(
                withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false,
                withEncoderConfiguration: .init(), withDecoderLimitConfiguration: RequestLimit.parser)
            let timeout = RequestTimeout(header: header, body: body)
            try pipeline.addHandler(RequestHandler(responder, timeout, pipelining, peer: channel.peer))
        }
    }

    @Sendable
    private func setUpHTTP2(_ channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            let connection = HTTP2ConnectionHandler(waiting[ObjectIdentifier(channel.eventLoop)])
            let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
            // 'maxGraceTime' would end requests in progress when the server stops. Each stream has timeouts instead.
            let manager = NIOHTTP2ServerConnectionManagementHandler(
                eventLoop: channel.eventLoop,
                configuration: .init(maxIdleTime: header, maxAge: nil, maxGraceTime: nil, keepalive: nil))
            let peer = channel.peer
            // The sequence of streams is dropped, since each stream serves itself. Only this function takes a delegate
            // for frames.
            _ = try pipeline.configureAsyncHTTP2Pipeline(
                mode: .server, streamDelegate: manager.http2StreamDelegate, frameDelegate: connection
            ) { setUp($0, of: bound, peer) }
            try pipeline.addHandlers([connection, manager])
            connection.begin()
        }
    }

    private func setUp(
        _ stream: any Channel, of connection: NIOLoopBound<HTTP2ConnectionHandler>, _ peer: String
    ) -> EventLoopFuture<Void> {
        stream.eventLoop.makeCompletedFuture {
            let timeout = RequestTimeout(header: header, body: body, connection: connection.value)
            let handlers: [any ChannelHandler] = [
                StreamHostsHandler(), HTTP2FramePayloadToHTTP1ServerCodec(),
                RequestHandler(responder, timeout, nil, peer: peer),
            ]
            try stream.pipeline.syncOperations.addHandlers(handlers)
        }
    }
}

extension Channel {
    /// The IP address of the other end, which is formatted once for all requests of a connection.
    fileprivate var peer: String { remoteAddress?.ipAddress ?? "" }
}
