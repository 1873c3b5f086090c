// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Limits from where, when and how often a client may use a grant.
struct NetworkPolicy: Plugin, TokenRequestFilter, AuthorizationRequestFilter {
    static let manifest = PluginManifest(
        id: "network-policy", summary: "limits from where, when and how often a client may use a grant",
        specification: "")

    /// Declared, because each kind of filter has a default of its own.
    let parameters: [ParameterDeclaration] = []
    private let host: any PluginHost
    private let networks: GrantAttribute<Networks>
    private let hours: GrantAttribute<OpeningHours>
    private let rate: GrantAttribute<RequestRate>
    private let counts = RequestCounts()

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        networks = settings.grantAttribute(
            "networks", default: Networks.everywhere, "the networks that the client may use it from")
        hours = settings.grantAttribute("hours", default: OpeningHours.always, "when the client may use it, in UTC")
        rate = settings.grantAttribute(
            "rate", default: RequestRate.unlimited,
            "how many requests for it the client may send to the token endpoint of one server process")
    }

    func register(in registry: inout Registry) {
        registry.add(tokenFilter: self)
        registry.add(requestFilter: self)
    }

    func admit(_ request: TokenRequest) async throws {
        let grant = request.grant.key
        try check(request.client, grant, from: request.head.address)
        let rate = request.client[rate, under: grant]
        if let wait = counts.count("\(grant) \(request.client.id)", at: rate, now: .now) {
            throw OAuthError.tooManyRequests(retryAfter: wait, reason: "more than \(rate) for '\(grant)'")
        }
    }

    /// Checks tokens that the authorization endpoint issues itself, and refuses the others before anyone signs in.
    ///
    /// It does not count, because it is called again for each page.
    func apply(_ request: AuthorizationRequest, _ policy: inout InteractionPolicy) async throws {
        for grant in request.grants { try check(request.client, grant.key, from: request.head.address) }
    }

    private func check(_ client: Client, _ grant: String, from address: String) throws {
        guard client[networks, under: grant].contains(address) else {
            throw OAuthError(
                .unauthorizedClient, "the client may not use this grant from this network",
                reason: "\(address) is in none of the networks of '\(grant)'")
        }
        guard client[hours, under: grant].contains(host.now) else {
            throw OAuthError(
                .unauthorizedClient, "the client may not use this grant at this time",
                reason: "the hours of '\(grant)' are \(client[hours, under: grant])")
        }
    }
}

/// The handshake, which the server reads before it loads this library.
@c(network_policy_plugin_abi) public func networkPolicyPluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(network_policy_plugin_make) public func networkPolicyPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(NetworkPolicy.self)
}
