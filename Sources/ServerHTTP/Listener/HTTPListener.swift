// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import GrantKit
import HummingbirdCore
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Where and how the server is reached.
public struct HTTPListenerConfiguration: Sendable {
    /// The address or host name.
    public var host: String
    /// The port; 0 takes a free one.
    public var port: Int
    /// Certificate and key, to serve https with HTTP/2.
    public var tls: TLSFiles?
    /// Proxies whose forwarded header is believed.
    public var trustedProxies: [AddressRange]
    /// The most open connections; further ones wait.
    public var maxConnections: Int
    /// How long a client may take for the headers of a request, from the connection or the request before.
    public var headerTimeout: Duration
    /// How long a client may take for the body of a request.
    public var bodyTimeout: Duration
    /// What `Strict-Transport-Security` says, where it is sent.
    public var strictTransport: String?

    /// Describes a listener with the usual limits.
    public init(
        host: String, port: Int, tls: TLSFiles? = nil, trustedProxies: [AddressRange] = [], maxConnections: Int = 4096,
        headerTimeout: Duration = .seconds(10), bodyTimeout: Duration = .seconds(10)
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.trustedProxies = trustedProxies
        self.maxConnections = maxConnections
        self.headerTimeout = headerTimeout
        self.bodyTimeout = bodyTimeout
    }
}

/// The most that is read of a request, in bytes and headers.
enum RequestLimit {
    static let headerField = 16 * 1024
    static let headers = 32 * 1024
    static let headerCount = 100
    static let body = Limit.body
}

/// What a listener serves.
public enum HTTPService: Sendable {
    /// Everything.
    case all
    /// Everything but metrics.
    case endpointsAndHealth
    /// Everything but health and metrics.
    case endpoints
    /// Health and metrics alone.
    case monitoring

    func isMonitored(_ path: String) -> Bool {
        switch path {
        case "/health/live", "/health/ready": self != .endpoints
        case "/metrics": self == .all || self == .monitoring
        default: false
        }
    }
}

/// Serves the core over HTTP/1.1, and with TLS over HTTP/2 as well.
public enum HTTPListener {
    /// Makes a service that listens until it is shut down, and then lets requests in progress finish.
    ///
    /// - Parameters:
    ///   - core: What answers.
    ///   - service: Which part of it.
    ///   - configuration: Where and how.
    ///   - logger: Takes what goes wrong with connections.
    ///   - running: Called with the port once connections are taken.
    /// - Returns: The service.
    /// - Throws: What is wrong with the TLS configuration.
    public static func make(
        _ core: ServerCore, serving service: HTTPService, _ configuration: HTTPListenerConfiguration, logger: Logger,
        running: @escaping @Sendable (Int) async -> Void
    ) throws -> any Service {
        let responder = HTTPResponder(
            core: core, service: service, addresses: ClientAddress(trusted: configuration.trustedProxies),
            strictTransport: configuration.strictTransport)
        let (header, body) = (TimeAmount(configuration.headerTimeout), TimeAmount(configuration.bodyTimeout))
        let channel = HTTP1Channel.Configuration(
            additionalChannelHandlers: [RequestTimeoutHandler(header: header, body: body)],
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: RequestLimit.headerField, maxHeaderListSize: RequestLimit.headers,
                maxHeaderFieldCount: RequestLimit.headerCount))
        return try builder(configuration, channel).buildServer(
            configuration: ServerConfiguration(
                address: .hostname(configuration.host, port: configuration.port), backlog: 1024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.maxConnections)),
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: logger,
            responder: { request, writer, channel in try await responder.respond(to: request, writer, channel) },
            onServerRunning: { channel in
                AcceptPauseHandler.add(to: channel, logger: logger)
                await running(channel.localAddress?.port ?? configuration.port)
            })
    }

    private static func builder(
        _ configuration: HTTPListenerConfiguration, _ channel: HTTP1Channel.Configuration
    ) throws -> HTTPServerBuilder {
        guard let tls = configuration.tls else {
            return HTTPServerBuilder { OnEventLoop(base: HTTP1Channel(responder: $0, configuration: channel)) }
        }
        let context = try SecureChannel.context(tls.configuration)
        let waiting = WaitingStreams.onEachLoop(connections: configuration.maxConnections)
        return HTTPServerBuilder { responder in
            let http1 = HTTP1Channel(responder: responder, configuration: channel)
            let http2 = HTTP2Streams(
                http1: http1, header: TimeAmount(configuration.headerTimeout),
                body: TimeAmount(configuration.bodyTimeout), waiting: waiting)
            let base = SecureChannel(context: context, http1: http1, http2: http2)
            let (limit, idle) = (configuration.headerTimeout, configuration.headerTimeout * 6)
            return OnEventLoop(base: TLSLimit(base: base, time: TimeAmount(limit), idle: TimeAmount(idle)))
        }
    }

    /// Serves on as many threads as the process may use processors, which need not be all that there are.
    ///
    /// To be called once, before anything else runs.
    public static func limitThreads() {
        if let count = Processors.allowed { NIOSingletons.groupLoopCountSuggestion = min(count, System.coreCount) }
    }
}
