// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The addresses to which the server may send requests for URLs that clients register.
///
/// Anyone who can choose such a URL must not reach what only this machine can reach: its own ports, its network, the
/// metadata service of a cloud (RFC 6890; OWASP calls this server-side request forgery).
public struct OutboundNetworks: Sendable {
    private let allowed: [AddressRange]
    private let allowsLoopback: Bool

    /// Allows networks in addition to the public internet.
    ///
    /// - Parameters:
    ///   - allowed: The networks from the configuration.
    ///   - loopback: Whether to allow this machine, which is safe if only this machine can reach the server.
    public init(allowed: [AddressRange] = [], loopback: Bool = false) {
        self.allowed = allowed
        allowsLoopback = loopback
    }

    /// Whether the server may connect to an address.
    public func allows(_ address: String) -> Bool {
        if allowed.contains(where: { $0.contains(address) }) { return true }
        if isLoopback(address) { return allowsLoopback }
        // Not allowed: 64:ff9b::/96, which leads to the IPv4 address at its end (RFC 6052) and is not needed here.
        return OutboundNetworks.isPublic(address)
    }

    /// Whether an address is this machine, for which plain HTTP is allowed.
    func isLoopback(_ address: String) -> Bool {
        OutboundNetworks.loopback.contains { $0.contains(address) }
    }

    private static func isPublic(_ address: String) -> Bool {
        guard global.contains(where: { $0.contains(address) }) else { return false }
        return !special.contains { $0.contains(address) }
    }

    private static func ranges(_ text: String) -> [AddressRange] {
        text.raw.split(at: " ").compactMap { AddressRange($0.string) }
    }

    private static let loopback = ranges("127.0.0.0/8 ::1")
    /// All of IPv4, and the part of IPv6 that is assigned as global unicast (RFC 4291 section 2.4).
    private static let global = ranges("0.0.0.0/0 2000::/3")
    /// The ranges within them that the IANA registries of special-purpose addresses list.
    private static let special = ranges(
        """
        0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 \
        192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 \
        203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20
        """)
}
