// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Checks that clients keep to a profile (FAPI 2.0 Security Profile).
///
/// It names no plugin, only what all of them offer together.
struct FAPIProfile: Plugin, ConfigurationRule {
    static let manifest = PluginManifest(
        id: "fapi-profile", summary: "clients that keep to a profile", specification: "FAPI 2.0")

    let name = "fapi"
    private let isUsed: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) {
        isUsed = settings.clientAttribute("fapi", default: false, "whether the client keeps to FAPI 2.0")
    }

    func register(in registry: inout Registry) {
        registry.add(later: self)
    }

    func problems(in configuration: ConfigurationView) -> [ConfigurationProblem] {
        let clients = configuration.clients.filter { $0[isUsed] }
        guard !clients.isEmpty else { return [] }
        var problems: [ConfigurationProblem] = []
        if configuration.metadata["pushed_authorization_request_endpoint"] == nil {
            problems.append(ConfigurationProblem(message: "FAPI 2.0 needs a plugin that serves pushed requests"))
        }
        for client in clients {
            let method = client.document["token_endpoint_auth_method"]?.string ?? ""
            if !["private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"].contains(method) {
                let message = "'token_endpoint_auth_method' must be one that uses a key"
                problems.append(ConfigurationProblem(client: client.id, message: message))
            }
        }
        return problems
    }
}
