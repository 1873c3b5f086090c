// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import OutsideText

/// The server's metadata (RFC 8414 section 2), derived from the loaded plugins, so that it cannot promise what is
/// missing.
enum Metadata {
    static func document(_ settings: ServerSettings, _ capabilities: Capabilities) -> JSON {
        let base = settings.issuer + settings.basePath
        func address(of route: Route) -> JSON {
            .string((route.base == .endpoints ? base : settings.issuer) + route.pathBelowBase)
        }
        var document: JSON = ["issuer": .string(settings.issuer)]
        if !capabilities.grants.isEmpty { document["token_endpoint"] = .string(base + "/token") }
        document["jwks_uri"] = .string(settings.issuer + "/.well-known/jwks.json")
        // RFC 8414 requires the member; it is empty without an authorization endpoint.
        document["response_types_supported"] = .strings(AuthorizationPlan.responseTypes(capabilities.flows.map(\.role)))
        if !capabilities.flows.isEmpty {
            document["authorization_endpoint"] = .string(base + AuthorizationEndpoint.path)
            document["response_modes_supported"] = .strings(ResponseMode.allCases.map(\.rawValue))
            document["authorization_response_iss_parameter_supported"] = true
            if !settings.languages.isEmpty { document["ui_locales_supported"] = .strings(settings.languages) }
        }
        document["grant_types_supported"] = .strings(Set(capabilities.declarations.map(\.wire)).sorted())
        addMethods(to: &document, "token_endpoint", capabilities.declarations.map(\.client), capabilities)
        for owned in capabilities.endpoints {
            let route = owned.role.route
            guard let name = route.metadata else { continue }
            document[name] = address(of: route)
            guard case .client(let requirement) = owned.role.admissionRule else { continue }
            addMethods(to: &document, name, [requirement], capabilities)
        }
        for member in capabilities.metadata.members { document[member.name] = member.value }
        addScopes(to: &document, capabilities)
        return document
    }

    /// Adds scope values that are only granted if a client asks for them; without an authorization endpoint there is no
    /// list.
    private static func addScopes(to document: inout JSON, _ capabilities: Capabilities) {
        let known = document["scopes_supported"]?.strings
        guard known != nil || !capabilities.flows.isEmpty else { return }
        let all = (known ?? []) + capabilities.scopesOnRequest.sorted().filter { !(known ?? []).contains($0) }
        if !all.isEmpty { document["scopes_supported"] = .strings(all) }
    }

    /// Adds the authentication methods of clients at an endpoint, and the algorithms of those that sign, which the
    /// specification requires then (RFC 8414 section 2).
    private static func addMethods(
        to document: inout JSON, _ endpoint: String, _ requirements: [ClientRequirement], _ capabilities: Capabilities
    ) {
        let added = capabilities.authenticationMethods
        let none = requirements.contains(.identified) ? [ClientMethod.none] : []
        document["\(endpoint)_auth_methods_supported"] = .strings(ClientMethod.secrets + added.map(\.name) + none)
        let algorithms = added.flatMap(\.algorithms).reduce(into: [String]()) { all, name in
            if !all.contains(name) { all.append(name) }
        }
        guard !algorithms.isEmpty else { return }
        document["\(endpoint)_auth_signing_alg_values_supported"] = .strings(algorithms)
    }

    /// The members that only the core sets.
    static let own: Set<String> = [
        "issuer", "token_endpoint", "jwks_uri", "response_types_supported", "grant_types_supported",
        "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
        "authorization_endpoint", "response_modes_supported",
        "authorization_response_iss_parameter_supported", "ui_locales_supported",
    ]

    /// The host of an issuer, and its port if it has one, by which users know the server.
    static func host(of issuer: String) -> String {
        issuer.raw.cut(at: "://")?.behind.up(to: "/").string ?? issuer
    }

    /// The path of an issuer, which follows the well-known path (RFC 8414 section 3.1).
    static func path(of issuer: String) -> String {
        (try? WebAddress(issuer))?.rest ?? ""
    }
}
