// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The implicit grant: a user approves in the browser, and the redirect carries the access token (RFC 6749 section
/// 4.2).
struct Implicit: Plugin, AuthorizationFlow {
    static let manifest = PluginManifest(
        id: "implicit", summary: "access tokens in the browser's redirect", specification: "RFC 6749 section 4.2")

    let word = "token"
    let grant = GrantDeclaration("implicit", client: .identified).discouraged(
        "'authorization_code' with PKCE keeps tokens out of URLs (RFC 9700 section 2.1.2)")
    let combinesWith: Set<String> = ["code"]
    let delivery = Delivery.fragment
    let issuesAccessToken = true

    init(settings: Settings, host: any PluginHost) {}

    func register(in registry: inout Registry) {
        registry.add(flow: self)
    }

    /// Adds nothing: the core adds the access token, and a refresh token is not allowed (RFC 6749 section 4.2.2).
    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {}
}

/// The handshake that the server reads before it loads this library.
@c(implicit_plugin_abi)
public func implicitPluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(implicit_plugin_make)
public func implicitPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(Implicit.self)
}
