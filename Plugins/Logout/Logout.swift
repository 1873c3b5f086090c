// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// People sign out, and the applications that they used are told (OpenID Connect RP-Initiated, Back-Channel and
/// Front-Channel Logout 1.0).
struct Logout: Plugin {
    static let manifest = PluginManifest(
        id: "logout", summary: "people sign out everywhere at once",
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
            "how logout tokens are signed for clients without 'id_token_signed_response_alg'")
        limit = settings.read(
            "delivery_limit", default: .seconds(86400), in: .seconds(60)...(.seconds(7 * 86400)),
            "for how long a client that does not answer is told again that a session has ended")
        deliveries = Deliveries(
            upTo: settings.read(
                "delivery_wait", default: .seconds(1), in: .zero...(.seconds(5)),
                "how long a browser waits for the applications to be told before it is sent on"))
        guard host.keys.algorithms.contains(algorithm) else {
            throw ConfigurationError(
                "'algorithm' must be one of \(host.keys.algorithms.joined(separator: ", "))", at: "algorithm")
        }
        targets = settings.clientAttribute(
            "post_logout_redirect_uris", on: .client, default: ReturnAddresses(),
            "where a browser may go once its person has signed out")
        let callback = settings.clientAttribute(
            "backchannel_logout_uri", on: .client, default: CallbackAddress(),
            "is sent a logout token when a session ends")
        _ = settings.clientAttribute(
            "backchannel_logout_session_required", on: .client, default: false,
            "whether logout tokens must name the session; they always do")
        backChannel = BackChannel(
            host: host, algorithm: algorithm, limit: limit, callback: callback, deliveries: deliveries)
        frontChannel = FrontChannel(
            host: host,
            frame: settings.clientAttribute(
                "frontchannel_logout_uri", on: .client, default: CallbackAddress(),
                "is loaded in a frame of the page that says that the person is signed out"),
            needsSession: settings.clientAttribute(
                "frontchannel_logout_session_required", on: .client, default: false,
                "whether the frame's address is given 'iss' and 'sid'"))
    }

    func register(in registry: inout Registry) {
        registry.add(signingAlgorithm: algorithm)
        registry.add(
            browserEndpoint: EndSession(
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
