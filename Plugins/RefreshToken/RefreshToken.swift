// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Refresh tokens, which rotate; using an old one revokes them all (RFC 6749 section 6, RFC 9700 section 4.14.2).
struct RefreshToken: Plugin {
    static let manifest = PluginManifest(
        id: "refresh-token", summary: "new access tokens without the user", specification: "RFC 6749 section 6")

    static let longest = Duration.seconds(400 * 86400)

    private let families: RefreshFamilies

    init(settings: Settings, host: any PluginHost) {
        let grace = settings.read(
            "grace", default: .seconds(10), in: .seconds(0)...(.seconds(60)),
            "how long a rotated token can still be redeemed for the same successor")
        let bounds: ClosedRange<Duration> = .seconds(60)...RefreshToken.longest
        let idle = settings.read(
            "lifetime", default: .seconds(30 * 86400), in: bounds,
            "the lifetime of a refresh token after its issue or last use")
        let idleOfClient = settings.grantAttribute(
            "refresh_token_expiration", default: idle, in: bounds,
            "the lifetime of a refresh token after its issue or last use")
        let isIssued = settings.grantAttribute(
            "refresh_token", default: false,
            "whether refresh tokens are issued without the scope 'offline_access'")
        families = RefreshFamilies(host: host, grace: grace, idle: idleOfClient, isIssued: isIssued)
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoredFamily.collection)
        registry.add(scopeOnRequest: OfflineAccess.scope)
        registry.add(requestFilter: OfflineAccess())
        registry.add(grant: RefreshGrant(families: families))
        registry.add(extension: RefreshExtension(families: families))
        registry.add(resolver: families)
    }
}

/// The handshake that the server reads before it loads this library.
@c(refresh_token_plugin_abi)
public func refreshTokenPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(refresh_token_plugin_make)
public func refreshTokenPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(RefreshToken.self)
}
