// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// The content of a configuration file; each value is valid on its own.
public struct Configuration: Sendable {
    /// The main listener.
    public struct Listen: Sendable, Equatable {
        /// The IP address or host name.
        public var host = "127.0.0.1"
        /// The port.
        public var port = 8080
        /// The certificate chain and private key; without them, the server speaks plain HTTP.
        public var tls: TLS?
        /// The networks of proxies whose forwarding headers are trusted.
        public var trustedProxies: [String] = []
        /// The maximum number of open connections.
        public var maxConnections = 4096
        /// How long a client may take to send the header section.
        public var headerTimeout = Duration.seconds(10)
        /// How long a client may take to send the body.
        public var bodyTimeout = Duration.seconds(10)

        /// Whether only this machine can reach the listener.
        public var isLoopback: Bool { Configuration.isLoopback(host) }
    }

    /// The TLS files, in PEM format; a reload reads them again.
    public struct TLS: Sendable, Equatable {
        /// The path of the certificate chain, with the server's own certificate first.
        public var certificate: String
        /// The path of the private key.
        public var key: String
        /// For how long browsers are told to use HTTPS only (RFC 6797); zero makes them forget it.
        public var strictTransport = Duration.seconds(365 * 86400)
        /// Whether this also applies to all subdomains of the host.
        public var includesSubdomains = false
    }

    /// A separate listener for health and metrics.
    public struct Monitoring: Sendable, Equatable {
        /// The IP address or host name.
        public var host = "127.0.0.1"
        /// The port.
        public var port = 9090

        /// Whether only this machine can reach the listener.
        public var isLoopback: Bool { Configuration.isLoopback(host) }
    }

    /// An entry in the list of plugins.
    public struct PluginEntry: Sendable {
        /// The plugin's id.
        public var id: String
        /// The absolute path of the library, if it is not on the search path.
        public var library: String?
        /// The SHA-256 digest of the library in hexadecimal, if the entry pins it.
        public var sha256: String?
        /// The plugin's settings.
        public var settings: JSON
        /// How long a call of a plugin from outside of the server may take; nil for the default.
        public var deadline: Duration?
        /// Whether a plugin from outside of the server runs on the event loops.
        public var isOnEventLoop: Bool?
        /// The processes of the plugin, if it runs in processes of its own.
        public var process: PluginProcess?
        /// The settings as the file has them, to be shown: secrets are hidden, and references are not resolved.
        public var shownSettings: JSON = [:]
        /// The path of the entry in the file.
        public var path: [PathStep]
        /// The path of the settings in the file.
        public var settingsPath: [PathStep] { path + [.key("settings")] }
    }

    /// The processes in which a plugin runs.
    public struct PluginProcess: Sendable, Equatable {
        /// The program and its arguments; empty if the server's own program loads the plugin's library.
        public var command: [String] = []
        /// The further files of the program.
        public var files: [String] = []
        /// How long a call may take; nil for the default.
        public var call: Duration?
        /// How much memory a process can allocate, in bytes; nil for the default.
        public var memory: Int64?
        /// The number of processes; nil for the default.
        public var instances: Int?
        /// The name of the user that the processes get; nil for that of the server.
        public var user: String?
        /// What the plugin may do beyond what every plugin may, as words.
        public var may: [String] = []

        /// The defaults, for the plugin's library.
        public init() {}
    }

    /// The issuer identifier.
    public var issuer = ""
    /// The main listener.
    public var listen = Listen()
    /// The separate listener for health and metrics, if there is one.
    public var monitoring: Monitoring?
    /// The path prefix of the endpoints.
    public var basePath = "/auth"
    /// Further path prefixes under which the endpoints are served.
    public var aliasPaths = ["/oauth2"]
    /// The folders to search for plugins before the server's own.
    public var pluginPath: [String] = []
    /// The plugins to load.
    public var plugins: [PluginEntry] = []
    /// Whether `plugins` contains every entry of the file; if not, missing capabilities are not worth reporting.
    public var arePluginsComplete = true
    /// The access token format of clients that do not choose one.
    public var defaultTokenFormat: String?
    /// The server's own keys.
    public var keys = Keys()
    /// The clients' documents.
    public var clients: [JSON] = []
    /// The users' documents.
    public var users: [JSON] = []
    /// The settings of the pages.
    public var pages = Pages()
    /// The settings of requests to other servers.
    public var outbound = Outbound()
    /// The lifetime of a session.
    public var sessionLifetime = Duration.seconds(12 * 3600)
    /// The minimum log level.
    public var logLevel = "info"
    /// The log format: `auto`, `human` or `json`.
    public var logFormat = "auto"
    /// How long a shutdown waits for requests in progress.
    public var shutdownLimit = Duration.seconds(30)

    /// Whether the issuer's host is always this machine.
    public var hasLoopbackIssuer: Bool {
        (try? WebAddress(issuer))?.host.map(Configuration.isLoopback) ?? false
    }

    /// The value of the `Strict-Transport-Security` header field; nil if it is not sent.
    ///
    /// It is only sent if the server speaks TLS itself (RFC 6797 section 7.2), and never for an issuer on this machine:
    /// browsers would apply it to everything else that runs on `localhost`.
    public var strictTransport: String? {
        guard let tls = listen.tls, issuer.utf8.starts(with: "https:".utf8), !hasLoopbackIssuer else { return nil }
        let age = "max-age=\(tls.strictTransport.components.seconds)"
        return tls.includesSubdomains ? "\(age); includeSubDomains" : age
    }

    static func isLoopback(_ host: String) -> Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isFour = parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
        return host == "localhost" || host == "::1" || host == "[::1]" || isFour && parts[0] == "127"
    }
}
