// SPDX-License-Identifier: Apache-2.0

public import AuthorizationServer
import GrantKit
public import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
public import ServiceLifecycle

/// The configuration of a listener.
public struct HTTPListenerConfiguration: Sendable {
    /// The IP address or host name.
    public var host: String
    /// The port; 0 for any free one.
    public var port: Int
    /// The certificate and the key, to serve HTTPS with HTTP/1.1 and HTTP/2.
    public var tls: TLSFiles?
    /// The proxies whose forwarding headers are trusted.
    public var trustedProxies: [AddressRange]
    /// The maximum number of open connections; further ones wait.
    public var maxConnections: Int
    /// How long a client may take to send the header section, from the start of the connection or the previous request.
    public var headerTimeout: Duration
    /// How long a client may take to send the body of a request.
    public var bodyTimeout: Duration
    /// The value of the `Strict-Transport-Security` header field, if it is sent.
    public var strictTransport: String?

    /// Creates a configuration, with default limits.
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

/// The limits on the size of a request, in bytes and number of header fields.
enum RequestLimit {
    static let headerField = 16 * 1024
    static let headers = 32 * 1024
    static let headerCount = 100
    static let body = Limit.body

    /// The limits that the HTTP/1 parser checks.
    static var parser: NIOHTTPDecoderLimitConfiguration {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = headerField
        limits.maxHeaderListSize = headers
        limits.maxHeaderFieldCount = headerCount
        return limits
    }
}

/// The resources that a listener serves.
public enum HTTPService: Sendable {
    /// Everything.
    case all
    /// Everything except metrics.
    case endpointsAndHealth
    /// Everything except health and metrics.
    case endpoints
    /// Only health and metrics.
    case monitoring

    func isMonitored(_ path: String) -> Bool {
        switch path {
        case "/health/live", "/health/ready": self != .endpoints
        case "/metrics": self == .all || self == .monitoring
        default: false
        }
    }
}

/// Serves the core over HTTP/1.1 and, with TLS, also over HTTP/2.
public enum HTTPListener {
    /// Creates a service that listens until it is shut down, and then lets requests in progress finish.
    ///
    /// - Parameters:
    ///   - core: The core that handles the requests.
    ///   - service: The resources to serve.
    ///   - configuration: The configuration of the listener.
    ///   - logger: Logs problems with connections.
    ///   - running: Called with the port once connections are accepted.
    /// - Returns: The service.
    /// - Throws: An error if the TLS configuration is invalid.
    public static func make(
        _ core: ServerCore, serving service: HTTPService, _ configuration: HTTPListenerConfiguration, logger: Logger,
        running: @escaping @Sendable (Int) async -> Void
    ) throws -> any Service {
        let responder = HTTPResponder(
            core: core, service: service, addresses: ClientAddress(trusted: configuration.trustedProxies),
            strictTransport: configuration.strictTransport)
        let pipeline = ConnectionPipeline(
            responder: responder, header: TimeAmount(configuration.headerTimeout),
            body: TimeAmount(configuration.bodyTimeout),
            tls: try configuration.tls.map { try ConnectionPipeline.context($0.configuration) },
            waiting: WaitingStreams.onEachLoop(connections: configuration.maxConnections))
        return HTTPServer(
            host: configuration.host, port: configuration.port, maxConnections: configuration.maxConnections,
            pipeline: pipeline, logger: logger, running: running)
    }

    /// Calls a function on each thread that serves requests, once that thread is free.
    public static func onEachThread(_ body: @escaping @Sendable () -> Void) {
        for eventLoop in MultiThreadedEventLoopGroup.singleton.makeIterator() { eventLoop.execute(body) }
    }

    /// Limits the threads that serve requests to the number of processors that the process may use.
    ///
    /// Call this once, before anything else runs.
    public static func limitThreads() {
        if let count = Processors.allowed { NIOSingletons.groupLoopCountSuggestion = min(count, System.coreCount) }
    }
}
