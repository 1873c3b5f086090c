// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Accepts tokens that other issuers have signed: as grants (RFC 7523 section 2.1), and in place of a client's own
/// assertion.
struct JWTBearer: Plugin {
    static let manifest = PluginManifest(
        id: "jwt-bearer", summary: "clients trade tokens of trusted issuers for access tokens",
        specification: "RFC 7521, RFC 7523 section 2.1")

    private let host: any PluginHost
    private let issuers: TrustedIssuers
    private let grant: JWTBearerGrant
    private let authenticator: FederatedAuthenticator

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        let all = settings.list("issuers", "the issuers whose tokens are accepted") {
            try TrustedIssuer($0, host: host)
        }
        let attribute = settings.clientAttribute(
            "federated", default: FederatedIdentities.none,
            "the tokens of trusted issuers with which the client authenticates, each by issuer and subject")
        issuers = try TrustedIssuers(all, besides: host.issuer)
        let check = AssertionCheck(host: host, issuers: issuers)
        grant = JWTBearerGrant(host: host, check: check)
        authenticator = FederatedAuthenticator(host: host, check: check, attribute: attribute)
    }

    func register(in registry: inout Registry) {
        registry.add(grant: grant)
        if !issuers.all.isEmpty { registry.add(authenticator: authenticator) }
        for issuer in issuers.all where issuer.isEnabled && !issuer.types.ofOthers.isEmpty {
            registry.add(
                issuer: ForeignIssuer(issuer.name, keys: issuer.keys, rules: issuer.plainRules(for: host.issuer)))
        }
        if issuers.all.contains(where: { $0.isEnabled && $0.acceptsIdentityAssertions }) {
            registry.add(metadata: "authorization_grant_profiles_supported", .union([IdentityAssertion.profile]))
        }
    }
}

/// The handshake that the server reads before it loads this library.
@c(jwt_bearer_plugin_abi)
public func jwtBearerPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(jwt_bearer_plugin_make)
public func jwtBearerPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(JWTBearer.self)
}
