// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Signs users out and notifies the clients that they used (OpenID Connect RP-Initiated, Back-Channel and Front-Channel
/// Logout 1.0).
struct Logout: Plugin {
    static let manifest = PluginManifest(
        id: "logout", summary: "users sign out everywhere at once",
        specification: "OpenID Connect RP-Initiated, Back-Channel and Front-Channel Logout 1.0")

    private let host: any PluginHost
    private let algorithm: String
    private let limit: Duration
    private let targets: ClientAttribute<ReturnAddresses>
    private let backChannel: BackChannel
    private let frontChannel: FrontChannel
    private let deliveries: Deliveries

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        algorithm = settings.read(
            "algorithm", default: "RS256",
            "the signature algorithm of logout tokens for clients without 'id_token_signed_response_alg'")
        limit = settings.read(
            "delivery_limit", default: .seconds(86400), in: .seconds(60)...(.seconds(7 * 86400)),
            "how long the server keeps trying to notify a client that does not respond")
        deliveries = Deliveries(
            upTo: settings.read(
                "delivery_wait", default: .seconds(1), in: .zero...(.seconds(5)),
                "how long a browser waits for the clients to be notified before it is redirected"))
        guard host.keys.algorithms.contains(algorithm) else {
            throw ConfigurationError(
                "'algorithm' must be one of \(host.keys.algorithms.joined(separator: ", "))", at: "algorithm")
        }
        targets = settings.clientAttribute(
            "post_logout_redirect_uris", default: ReturnAddresses(),
            "the URLs to which a browser may be redirected after the user has signed out")
        let callback = settings.clientAttribute(
            "backchannel_logout_uri", default: CallbackAddress(),
            "the URL that receives a logout token when a session ends")
        _ = settings.clientAttribute(
            "backchannel_logout_session_required", default: false,
            "whether logout tokens must contain 'sid'; they always do")
        backChannel = BackChannel(
            host: host, algorithm: algorithm, limit: limit, callback: callback, deliveries: deliveries)
        frontChannel = FrontChannel(
            host: host,
            frame: settings.clientAttribute(
                "frontchannel_logout_uri", default: CallbackAddress(),
                "the URL loaded in a frame of the page that tells the user that they are signed out"),
            needsSession: settings.clientAttribute(
                "frontchannel_logout_session_required", default: false,
                "whether 'iss' and 'sid' are added to the frame's URL"))
    }

    func register(in registry: inout Registry) {
        registry.add(signingAlgorithm: algorithm)
        registry.add(
            endpoint: EndSession(
                host: host, targets: targets, frontChannel: frontChannel, deliveries: deliveries))
        registry.add(revocation: backChannel)
        registry.add(job: backChannel)
        registry.add(page: "logout", template: LogoutPage.template, texts: LogoutPage.texts)
        for name in ["backchannel", "frontchannel"] {
            registry.add(metadata: "\(name)_logout_supported", .value(true))
            registry.add(metadata: "\(name)_logout_session_supported", .value(true))
        }
    }
}

/// The handshake that the server reads before it loads this library.
@c(logout_plugin_abi)
public func logoutPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(logout_plugin_make)
public func logoutPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(Logout.self)
}
