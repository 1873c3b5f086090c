// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Creates, changes and deletes clients and users over HTTP, with the names and paths of Aidbox.
struct AdminAPI: Plugin {
    static let manifest = PluginManifest(
        id: "admin-api", summary: "manages clients and users over HTTP", specification: "RFC 9110, RFC 6750, RFC 7396")

    private let host: any PluginHost
    private let scopes: [DocumentKind: Scope]
    private let page: Int64
    private let takesPeople: Bool

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        func scope(_ key: String, _ usual: String, _ meaning: String) throws -> Scope {
            let word = settings.read(key, default: usual, meaning)
            guard Scope.isWord(word) else {
                throw ConfigurationError("'\(key)' must be a single scope value (RFC 6749 section 3.3)", at: key)
            }
            return Scope([word])
        }
        let all = try scope("scope", "admin", "the scope value that a token must have")
        scopes = [
            .client: try scope("client_scope", all.description, "the scope value for '/Client', if it differs"),
            .user: try scope("user_scope", all.description, "the scope value for '/User', if it differs"),
        ]
        page = settings.read(
            "page_size", default: Int64(50), in: Int64(1)...DocumentList.most,
            "the default number of documents on a page of a list")
        takesPeople = settings.read(
            "people", default: false,
            "whether tokens that speak for users are accepted too; then anyone who can sign in and consent can manage "
                + "documents, with any client that may have the scope")
    }

    func register(in registry: inout Registry) {
        // A request without 'scope' gets all of the client's scope, so these scope values must be requested explicitly.
        for kind in DocumentKind.allCases {
            guard let scope = scopes[kind] else { continue }
            registry.add(scopeOnRequest: scope.description)
            let documents = Documents(kind: kind, host: host, takesPeople: takesPeople)
            registry.add(endpoint: DocumentList(documents: documents, admission: .bearer(scope), page: page))
            registry.add(endpoint: DocumentItem(documents: documents, admission: .bearer(scope)))
        }
    }
}

/// The handshake that the server reads before it loads this library.
@c(admin_api_plugin_abi)
public func adminAPIPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(admin_api_plugin_make)
public func adminAPIPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(AdminAPI.self)
}
