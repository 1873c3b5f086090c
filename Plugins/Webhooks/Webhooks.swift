// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Notifies other servers of events with signed security event tokens (RFC 8417), which it pushes to them (RFC 8935).
struct Webhooks: Plugin {
    static let manifest = PluginManifest(
        id: "webhooks", summary: "notifies other servers of events with security event tokens",
        specification: "RFC 8417, RFC 8935")

    private let delivery: PushDelivery
    private let promised: Promised
    private let issued: [Issued]

    init(settings: Settings, host: any PluginHost) throws {
        let receivers = settings.list("receivers", "receivers of events, each with its own URL") { try Receiver($0) }
        let algorithm = settings.read(
            "algorithm", default: "ES256", "the signature algorithm of security event tokens")
        let limit = settings.read(
            "redelivery_limit", default: .seconds(7 * 86400), in: .seconds(60)...(.seconds(30 * 86400)),
            "how long the server keeps trying to deliver an event")
        guard host.keys.algorithms.contains(algorithm) else {
            throw ConfigurationError(
                "'algorithm' must be one of \(host.keys.algorithms.joined(separator: ", "))", at: "algorithm")
        }
        try Webhooks.checkAddresses(receivers)
        let delivery = PushDelivery(host: host, receivers: receivers, algorithm: algorithm)
        self.delivery = delivery
        promised = Promised(delivery, limit: limit)
        issued = receivers.filter { $0.kinds.contains(.issued) }.map { Issued(delivery, to: $0) }
    }

    /// Refuses two receivers with the same URL, because a waiting token names its receiver by the URL.
    private static func checkAddresses(_ receivers: [Receiver]) throws {
        for (number, receiver) in receivers.enumerated()
        where receivers[..<number].contains(where: { $0.url.text == receiver.url.text }) {
            throw ConfigurationError(
                "'receivers' has two receivers at \(receiver.shown); give each a URL of its own", at: "receivers")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(signingAlgorithm: delivery.algorithm)
        registry.add(outbox: promised)
        registry.add(job: delivery)
        for sink in issued { registry.add(eventSink: sink) }
    }

    func start() async throws {
        for sink in issued { sink.start() }
    }

    func stop() async {
        for sink in issued { sink.stop() }
    }
}

/// The handshake that the server reads before it loads this library.
@c(webhooks_plugin_abi)
public func webhooksPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(webhooks_plugin_make)
public func webhooksPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(Webhooks.self)
}
