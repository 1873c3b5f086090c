// SPDX-License-Identifier: Apache-2.0

import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP2
import NIOSSL

/// A TLS connection, with the HTTP version that was negotiated with the client (RFC 7301).
struct SecureChannel: ServerChildChannel {
    typealias Version = NIONegotiatedHTTPVersion<HTTP1Channel.Value, HTTP2Streams.Value>

    struct Value: ServerChildChannelValue {
        let version: EventLoopFuture<Version>
        let channel: any Channel
    }

    let context: NIOSSLContext
    let http1: HTTP1Channel
    let http2: HTTP2Streams

    /// The TLS context that connections share, with the offered HTTP versions.
    static func context(_ configuration: TLSConfiguration) throws -> NIOSSLContext {
        var configuration = configuration
        configuration.applicationProtocols = NIOHTTP2SupportedALPNProtocols
        return try NIOSSLContext(configuration: configuration)
    }

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }.flatMap {
            channel.configureHTTP2AsyncSecureUpgrade {
                http1.setup(channel: $0, logger: logger)
            } http2ConnectionInitializer: {
                http2.setup(channel: $0, logger: logger)
            }
        }.map { Value(version: $0, channel: channel) }
    }

    func handle(value: Value, logger: Logger) async {
        do {
            switch try await value.version.get() {
            case .http1_1(let channel): await http1.handle(value: channel, logger: logger)
            case .http2(let streams): await http2.handle(value: streams, logger: logger)
            }
        } catch {
            logger.debug("no HTTP version was negotiated with the client: \(error)")
        }
    }
}
