// SPDX-License-Identifier: Apache-2.0

import GrantKit
import NIOCore
import NIOHTTP1
import NIOPosix
import OutsideText

/// An HTTP/1.1 connection to one address, or through one proxy, for one request (RFC 9112).
struct OutboundConnection {
    private typealias Replies = NIOAsyncChannel<HTTPClientResponsePart, Never>
    private let target: OutboundTarget
    private let route: OutboundRoute
    private let limit: Duration
    private let tls: OutboundTLS?

    /// Creates a connection, which ``exchange(_:longest:)`` opens.
    ///
    /// - Parameters:
    ///   - target: The target of the request.
    ///   - route: Where to connect.
    ///   - limit: How long connecting may take.
    ///   - tls: The TLS to the target; nil for plain HTTP.
    init(_ target: OutboundTarget, _ route: OutboundRoute, _ limit: Duration, tls: OutboundTLS?) {
        self.target = target
        self.route = route
        self.limit = limit
        self.tls = tls
    }

    /// Sends the request, reads the response and closes the connection.
    ///
    /// - Throws: `OutboundError` if a proxy does not open a tunnel, or if the response has more than `longest` bytes or
    ///   is cut off; an error of NIO if connecting, TLS or HTTP fails.
    func exchange(_ request: OutboundRequest, longest: Int) async throws -> OutboundReply {
        let (channel, tunnel) = try await connect(for: request)
        return try await channel.executeThenClose { replies in
            if let tunnel { try await wait(for: tunnel, channel.channel) }
            return try await reply(from: replies, longest)
        }
    }

    // MARK: connection

    private func connect(for request: OutboundRequest) async throws -> (Replies, EventLoopFuture<Void>?) {
        do {
            return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .connectTimeout(TimeAmount(limit))
                .connect(to: try SocketAddress(ipAddress: route.address, port: route.port)) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let tunnel = try tunnel(over: channel)
                        return (try replies(to: request, over: channel), tunnel)
                    }
                }
        } catch let error where route.tunnel != nil {
            throw OutboundError("the proxy did not respond: \(error)")
        }
    }

    /// Adds what opens a tunnel, ahead of everything else.
    private func tunnel(over channel: any Channel) throws -> EventLoopFuture<Void>? {
        guard let request = route.tunnel else { return nil }
        let tunnel = ProxyTunnel(request, on: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(tunnel)
        return tunnel.result
    }

    /// Waits for the tunnel, or until the request is cancelled.
    private func wait(for tunnel: EventLoopFuture<Void>, _ channel: any Channel) async throws {
        try await withTaskCancellationHandler {
            try await tunnel.get()
        } onCancel: {
            channel.close(promise: nil)
        }
    }

    private func replies(to request: OutboundRequest, over channel: any Channel) throws -> Replies {
        let pipeline = channel.pipeline.syncOperations
        if let tls { try pipeline.addHandler(tls.handler()) }
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(RequestSender(parts(of: request)))
        return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
    }

    private func parts(of request: OutboundRequest) -> [HTTPClientRequestPart] {
        var headers = HTTPHeaders([("host", target.authority)])
        for header in request.headers { headers.add(name: header.name, value: header.value) }
        headers.replaceOrAdd(name: "user-agent", value: "grantor")
        headers.replaceOrAdd(name: "connection", value: "close")
        if !request.body.isEmpty || !["GET", "HEAD"].contains(request.method) {
            headers.replaceOrAdd(name: "content-length", value: String(request.body.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1, method: .init(rawValue: request.method), uri: target.path, headers: headers)
        guard !request.body.isEmpty else { return [.head(head), .end(nil)] }
        return [.head(head), .body(.byteBuffer(ByteBuffer(bytes: request.body))), .end(nil)]
    }

    private func reply(
        from replies: NIOAsyncChannelInboundStream<HTTPClientResponsePart>, _ longest: Int
    ) async throws -> OutboundReply {
        var reply = OutboundReply(status: 0)
        for try await part in replies {
            switch part {
            case .head(let head):
                reply.status = Int(head.status.code)
                reply.headers = head.headers.map { ($0.name.raw.lowercased(), $0.value) }
            case .body(let bytes):
                guard reply.body.count + bytes.readableBytes <= longest else {
                    throw OutboundError("the response has more than \(longest) bytes")
                }
                reply.body += bytes.readableBytesView
            case .end: return reply
            }
        }
        throw OutboundError("\(target.host) closed the connection before its response was complete")
    }
}
