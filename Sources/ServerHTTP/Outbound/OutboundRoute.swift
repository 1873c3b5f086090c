// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Where a connection goes, and the tunnel to ask for there.
struct OutboundRoute: Sendable {
    /// The IP address to connect to: of the target, or of the proxy.
    let address: String
    let port: Int
    /// What to ask the proxy for; nil for a connection to the target itself.
    var tunnel: TunnelRequest?

    /// Finds the route to a target that the settings allow.
    ///
    /// - Throws: `OutboundError`; `CancellationError`.
    static func find(
        to target: OutboundTarget, _ settings: OutboundSettings, _ resolver: OutboundResolver
    ) async throws -> OutboundRoute {
        let own = SystemNames.numeric(target.host)
        let isDirect = isDirect(target, own, settings.networks)
        if !isDirect, let proxy = settings.proxy, !proxy.excepts(target.host, own) {
            let host = try checked(target.host, own, settings.networks)
            // The operator has chosen the proxy, so its address may be in any network.
            let addresses = try await resolver.addresses(of: proxy.host)
            return OutboundRoute(
                address: try first(of: proxy.host, addresses), port: proxy.port,
                tunnel: proxy.tunnel(to: host, target.port))
        }
        let addresses = try await resolver.addresses(of: target.host)
        return OutboundRoute(address: try checked(addresses, of: target, settings.networks), port: target.port)
    }

    private static func first(of host: String, _ addresses: [String]) throws -> String {
        guard let first = addresses.first else { throw OutboundError("'\(host)' has no address") }
        return first
    }

    // MARK: the target itself

    /// One address of the target's host, if all of its addresses are allowed.
    private static func checked(
        _ addresses: [String], of target: OutboundTarget, _ networks: OutboundNetworks
    ) throws -> String {
        let first = try first(of: target.host, addresses)
        for address in addresses where !networks.allows(address) {
            throw refusal(target.host, address)
        }
        guard target.isSecure || addresses.allSatisfy(networks.isLoopback) else {
            throw OutboundError("requests to '\(target.host)' must use https")
        }
        return first
    }

    private static func refusal(_ host: String, _ address: String) -> OutboundError {
        OutboundError("'\(host)' has the address \(address), which is not on the public internet")
    }

    // MARK: the proxy

    /// Whether a request goes to this machine, or by plain HTTP, which is only for this machine.
    private static func isDirect(
        _ target: OutboundTarget, _ own: [String]?, _ networks: OutboundNetworks
    ) -> Bool {
        guard target.isSecure else { return true }
        return own?.contains(where: networks.isLoopback) ?? target.host.utf8.elementsEqual("localhost".utf8)
    }

    /// The host to ask the proxy for: an allowed address in its usual notation, or a name of the public internet.
    ///
    /// The proxy might read an unusual notation as another address.
    private static func checked(
        _ host: String, _ own: [String]?, _ networks: OutboundNetworks
    ) throws -> String {
        guard let own else {
            guard PublicName.isPublic(host) else {
                throw OutboundError(
                    "'\(host)' is not a name of the public internet; to connect without the proxy, list it in "
                        + "'outbound.proxy.except'")
            }
            return host
        }
        for address in own where !networks.allows(address) { throw refusal(host, address) }
        return try first(of: host, own)
    }
}
