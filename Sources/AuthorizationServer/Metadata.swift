// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The server's metadata, folded from what is loaded, so that it cannot promise what is not there (RFC 8414 section 2).
enum Metadata {
    static func document(_ settings: ServerSettings, _ capabilities: Capabilities) -> JSON {
        let base = settings.issuer + settings.basePath
        var document: JSON = ["issuer": .string(settings.issuer)]
        if !capabilities.grants.isEmpty { document["token_endpoint"] = .string(base + "/token") }
        document["jwks_uri"] = .string(settings.issuer + "/.well-known/jwks.json")
        // RFC 8414 requires the member; a server without an authorization endpoint has none to list.
        document["response_types_supported"] = []
        document["grant_types_supported"] = .strings(capabilities.grants.keys.sorted())
        let methods: [JSON] = ["client_secret_basic", "client_secret_post"]
        document["token_endpoint_auth_methods_supported"] = .array(methods + ["none"])
        for endpoint in capabilities.endpoints {
            guard let name = endpoint.route.metadata else { continue }
            document[name] = .string(base + endpoint.route.path)
            let callers = endpoint.caller == .confidential ? methods : methods + ["none"]
            document["\(name)_auth_methods_supported"] = .array(callers)
        }
        for member in capabilities.metadata.members { document[member.name] = member.value }
        return document
    }

    /// The path of an issuer, which goes behind the well-known one (RFC 8414 section 3.1).
    static func path(of issuer: String) -> String {
        guard let host = issuer.firstRange(of: "://"), let slash = issuer[host.upperBound...].firstIndex(of: "/")
        else { return "" }
        return String(issuer[slash...])
    }
}
