// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// What a configuration file says, each value valid by itself.
public struct Configuration: Sendable {
    /// Where the server listens.
    public struct Listen: Sendable, Equatable {
        /// The address or host name.
        public var host = "127.0.0.1"
        /// The port.
        public var port = 8080
        /// Certificate chain and private key, to serve https.
        public var tls: TLS?
        /// Networks whose forwarded header is believed.
        public var trustedProxies: [String] = []
        /// The most open connections.
        public var maxConnections = 4096
        /// How long a client may take for the headers.
        public var headerTimeout = Duration.seconds(10)
        /// How long a client may take for the body.
        public var bodyTimeout = Duration.seconds(10)

        /// Whether only this machine can reach it.
        public var isLoopback: Bool { Configuration.isLoopback(host) }
    }

    /// Files in PEM, read again at a reload.
    public struct TLS: Sendable, Equatable {
        /// The chain, the server's own certificate first.
        public var certificate: String
        /// The private key.
        public var key: String
        /// For how long browsers are told to come by https alone (RFC 6797); no time has them forget it.
        public var strictTransport = Duration.seconds(365 * 86400)
        /// Whether that holds for all names below the host too.
        public var includesSubdomains = false
    }

    /// An address of its own for health and metrics.
    public struct Monitoring: Sendable, Equatable {
        /// The address or host name.
        public var host = "127.0.0.1"
        /// The port.
        public var port = 9090
    }

    /// One plugin that the file loads.
    public struct PluginEntry: Sendable {
        /// The plugin's id.
        public var id: String
        /// An absolute path, if it is not on the search path.
        public var library: String?
        /// The digest of the library in hexadecimal, if it is pinned.
        public var sha256: String?
        /// Its settings.
        public var settings: JSON
        /// Where it stands.
        public var path: [PathStep]
        /// Where its settings stand.
        public var settingsPath: [PathStep] { path + [.key("settings")] }
    }

    /// The issuer identifier.
    public var issuer = ""
    /// Where the server listens.
    public var listen = Listen()
    /// An address of its own for health and metrics.
    public var monitoring: Monitoring?
    /// The path below which endpoints are served.
    public var basePath = "/auth"
    /// Other paths below which they are served as well.
    public var aliasPaths = ["/oauth2"]
    /// Folders in which plugins are looked for, before the server's own.
    public var pluginPath: [String] = []
    /// The plugins.
    public var plugins: [PluginEntry] = []
    /// Whether the plugins are all that the file means to load; if not, what is missing says nothing.
    public var arePluginsComplete = true
    /// The format of clients that name none.
    public var defaultTokenFormat: String?
    /// The server's own keys.
    public var keys = Keys()
    /// The clients' documents.
    public var clients: [JSON] = []
    /// The users' documents.
    public var users: [JSON] = []
    /// The pages.
    public var pages = Pages()
    /// Networks beside the public internet that this server may send requests to.
    public var outboundNetworks: [String] = []
    /// How long a person stays signed in.
    public var sessionLifetime = Duration.seconds(12 * 3600)
    /// The least severe log level.
    public var logLevel = "info"
    /// `auto`, `human` or `json`.
    public var logFormat = "auto"
    /// How long a stop waits for requests in progress.
    public var shutdownLimit = Duration.seconds(30)

    /// Whether the address by which clients know the server can only be this machine.
    public var hasLoopbackIssuer: Bool {
        (try? WebAddress(issuer))?.host.map(Configuration.isLoopback) ?? false
    }

    /// What `Strict-Transport-Security` says, nil where it is not sent.
    ///
    /// Only a server that speaks TLS itself sends it (RFC 6797 section 7.2), and none for this machine: browsers would
    /// hold it against everything else that runs on `localhost`.
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
