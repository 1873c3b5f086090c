// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// OpenID Connect: tells a client which user signed in (OpenID Connect Core 1.0, OpenID Connect Discovery 1.0).
struct OpenID: Plugin {
    static let manifest = PluginManifest(
        id: "openid", summary: "tells a client who signed in", specification: "OpenID Connect Core 1.0")
    static let scope = "openid"

    private let host: any PluginHost
    private let algorithms: [String]
    private let tokens: IdentityTokens
    private let source: StandardClaims

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        // Every client supports RS256 (OpenID Connect Core section 15.1).
        let names = settings.read(
            "algorithms", default: ["RS256", "ES256"],
            "the signature algorithms for ID tokens, the default one first")
        algorithms = names
        let known = host.keys.algorithms
        guard let usual = names.first, names.allSatisfy(known.contains) else {
            throw ConfigurationError(
                "'algorithms' must contain one or more of \(known.joined(separator: ", "))", at: "algorithms")
        }
        let algorithm = settings.clientAttribute(
            "id_token_signed_response_alg", default: usual, among: names,
            "the signature algorithm of ID tokens")
        let lifetime = settings.read(
            "id_token_lifetime", default: .seconds(900), in: .seconds(30)...(.seconds(86400)),
            "the lifetime of an ID token")
        let isInToken = settings.read(
            "claims_in_id_token", default: false,
            "whether ID tokens contain the claims of the scope, which userinfo returns in any case")
        let areBound = settings.read(
            "exchangeable_id_tokens", default: false,
            "whether ID tokens name their grant, so that the plugin 'token-exchange' accepts them")
        tokens = IdentityTokens(host: host, algorithm: algorithm, lifetime: lifetime, areBound: areBound)
        source = StandardClaims(isInToken: isInToken)
    }

    func register(in registry: inout Registry) {
        registry.add(scopeOnRequest: OpenID.scope)
        registry.add(requiredScope: OpenID.scope)
        for name in algorithms { registry.add(signingAlgorithm: name) }
        registry.add(requestFilter: IdentityRequest(host: host))
        if tokens.areBound { registry.add(resolver: BoundIdentity(host: host)) }
        registry.add(extension: IdentityExtension(tokens: tokens))
        registry.add(flow: IdentityFlow(tokens: tokens))
        registry.add(claims: source)
        registry.add(endpoint: UserInfo(host: host))
        registry.add(document: "openid-configuration")
        announce(&registry)
    }

    /// Adds the metadata (OpenID Connect Discovery section 3).
    private func announce(_ registry: inout Registry) {
        registry.add(metadata: "scopes_supported", .union([OpenID.scope] + StandardClaims.scopes.map(\.word)))
        registry.add(metadata: "subject_types_supported", .union(["public"]))
        registry.add(metadata: "id_token_signing_alg_values_supported", .union(algorithms))
        registry.add(
            metadata: "claims_supported", .union(IdentityTokens.reserved.filter { $0 != "nonce" } + source.claims))
        registry.add(metadata: "claim_types_supported", .union(["normal"]))
        registry.add(metadata: "claims_parameter_supported", .value(true))
        registry.add(metadata: "request_parameter_supported", .value(false))
        // The default of an absent member is true (section 3).
        registry.add(metadata: "request_uri_parameter_supported", .value(false))
        registry.add(metadata: "display_values_supported", .union(["page", "popup"]))
        registry.add(metadata: "prompt_values_supported", .union(IdentityRequest.servedPrompts.map(\.rawValue)))
    }
}

/// The handshake that the server reads before it loads this library.
@c(openid_plugin_abi)
public func openidPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(openid_plugin_make)
public func openidPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(OpenID.self)
}
