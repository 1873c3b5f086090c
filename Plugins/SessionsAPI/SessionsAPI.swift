// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Pages and a resource with which users see and end their sessions and consents.
struct SessionsAPI: Plugin {
    static let manifest = PluginManifest(
        id: "sessions-api", summary: "users see and end their sessions and consents",
        specification: "OAuth 2.0 for end users; Aidbox's Session")

    private let host: any PluginHost
    private let scope: String

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        scope = settings.read(
            "scope", default: "sessions", "the scope value with which a client may list the user's sessions")
        guard Scope.isWord(scope) else {
            throw ConfigurationError("'scope' must be a single scope value", at: "scope")
        }
    }

    func register(in registry: inout Registry) {
        registry.add(endpoint: SessionsPage(host: host))
        registry.add(endpoint: GrantsPage(host: host))
        registry.add(endpoint: SessionResource(host: host, listing: scope))
        registry.add(scopeOnRequest: scope)
        registry.add(page: "sessions", template: SessionsPage.template, texts: SessionsPage.texts)
        registry.add(page: "grants", template: GrantsPage.template, texts: GrantsPage.texts)
    }
}

/// The handshake that the server reads before it loads this library.
@c(sessions_api_plugin_abi)
public func sessionsAPIPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(sessions_api_plugin_make)
public func sessionsAPIPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(SessionsAPI.self)
}
