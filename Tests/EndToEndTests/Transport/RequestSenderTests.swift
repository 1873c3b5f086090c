// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import ServerHTTP

@Suite("A request is sent when its connection opens, without waiting for a task", .timeLimit(.minutes(10)))
struct RequestSenderTests {
    private static let parts: [HTTPClientRequestPart] = [
        .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: "/")), .end(nil),
    ]

    private func next(_ channel: EmbeddedChannel) throws -> HTTPClientRequestPart? {
        try channel.readOutbound(as: HTTPClientRequestPart.self)
    }

    @Test("it is sent at once if there is no proxy")
    func direct() throws {
        let channel = EmbeddedChannel(handler: RequestSender(Self.parts))
        #expect(try next(channel) == nil)
        channel.pipeline.fireChannelActive()
        for part in Self.parts { #expect(try next(channel) == part) }
        #expect(try next(channel) == nil)
    }

    @Test("through a proxy it is sent right after the tunnel has opened, and nothing of it before")
    func tunnel() throws {
        let channel = EmbeddedChannel()
        let request = TunnelRequest(host: "keys.example.com", port: 443, authorization: nil)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandlers(ProxyTunnel(request, on: channel.eventLoop), RequestSender(Self.parts))
        channel.pipeline.fireChannelActive()
        #expect(try channel.readOutbound(as: ByteBuffer.self) == ByteBuffer(bytes: request.bytes))
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 200 OK\r\n"))
        #expect(try next(channel) == nil)
        try channel.writeInbound(ByteBuffer(string: "\r\n"))
        for part in Self.parts { #expect(try next(channel) == part) }
    }

    @Test("through a proxy that refuses it is not sent")
    func refused() throws {
        let channel = EmbeddedChannel()
        let tunnel = ProxyTunnel(
            TunnelRequest(host: "keys.example.com", port: 443, authorization: nil), on: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandlers(tunnel, RequestSender(Self.parts))
        channel.pipeline.fireChannelActive()
        _ = try channel.readOutbound(as: ByteBuffer.self)
        try channel.writeInbound(ByteBuffer(string: "HTTP/1.1 403 Forbidden\r\n\r\n"))
        #expect(try next(channel) == nil)
        #expect(throws: (any Error).self) { try tunnel.result.wait() }
    }
}
