// SPDX-License-Identifier: Apache-2.0

/// What the operator says about requests to other servers; a reload replaces it as a whole.
public struct OutboundSettings: Sendable {
    let networks: OutboundNetworks
    let authorities: TrustedAuthorities?
    let proxy: OutboundProxy?

    /// Creates settings.
    ///
    /// - Parameters:
    ///   - networks: The networks to which requests may be sent.
    ///   - authorities: The authorities to trust in addition to those of the system.
    ///   - proxy: The proxy for requests by HTTPS.
    public init(
        _ networks: OutboundNetworks, authorities: TrustedAuthorities? = nil, proxy: OutboundProxy? = nil
    ) {
        self.networks = networks
        self.authorities = authorities
        self.proxy = proxy
    }
}
