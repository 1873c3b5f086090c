// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Token exchange: a client trades a token for one that allows less, or is for another audience (RFC 8693).
struct TokenExchange: Plugin {
    static let manifest = PluginManifest(
        id: "token-exchange", summary: "clients trade tokens for narrower ones", specification: "RFC 8693")

    private let grant: ExchangeGrant
    private let assertions: IdentityAssertions

    init(settings: Settings, host: any PluginHost) throws {
        let rules = settings.clientAttribute(
            "exchanges", under: ExchangeGrant.key, default: ExchangeRules.none,
            "the rules by which the client may exchange tokens of this server")
        let issuers = settings.clientAttribute(
            "allowedIssuers", default: [],
            "the issuers, among those of the plugin jwt-bearer, whose tokens about users the client may exchange")
        let servers = settings.read(
            "assertion_audiences", default: [],
            "the issuer identifiers of the servers for which identity assertions (ID-JAG) are issued")
        let algorithm = settings.read("algorithm", default: "ES256", "the signature algorithm of identity assertions")
        grant = ExchangeGrant(
            own: OwnSubject(host: host, rules: rules), foreign: ForeignSubject(host: host, issuers: issuers))
        assertions = IdentityAssertions(host: host, servers: servers, algorithm: algorithm)
        try check(host)
    }

    private func check(_ host: any PluginHost) throws {
        guard host.keys.algorithms.contains(assertions.algorithm) else {
            let known = host.keys.algorithms.joined(separator: ", ")
            throw ConfigurationError("'algorithm' must be one of \(known)", at: "algorithm")
        }
        guard !assertions.servers.contains(host.issuer) else {
            throw ConfigurationError(
                "'assertion_audiences' lists this server itself, which does not accept its own assertions; remove it",
                at: "assertion_audiences")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(grant: grant)
        guard !assertions.servers.isEmpty else { return }
        registry.add(product: assertions)
        registry.add(signingAlgorithm: assertions.algorithm)
        registry.add(metadata: "identity_chaining_requested_token_types_supported", .union(assertions.types))
    }
}

/// The handshake that the server reads before it loads this library.
@c(token_exchange_plugin_abi)
public func tokenExchangePluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(token_exchange_plugin_make)
public func tokenExchangePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(TokenExchange.self)
}
