// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// The authorization code grant with PKCE: a user approves in the browser, and the client redeems a code (RFC 6749
/// section 4.1, RFC 7636).
struct AuthorizationCode: Plugin {
    static let manifest = PluginManifest(
        id: "authorization-code", summary: "a user approves in the browser",
        specification: "RFC 6749 section 4.1, RFC 7636")
    static let declaration = GrantDeclaration("authorization_code", aliases: ["code"], client: .identified)

    private let codes: Codes
    private let lifetime: Duration
    private let isChallengeRequired: ClientAttribute<Bool>

    init(settings: Settings, host: any PluginHost) {
        codes = Codes(host: host)
        lifetime = settings.read(
            "code_lifetime", default: .seconds(60), in: .seconds(10)...(.seconds(600)),
            "the lifetime of a code")
        isChallengeRequired = settings.clientAttribute(
            "pkce", under: AuthorizationCode.declaration.key, default: true,
            "whether a confidential client must send a code challenge; a public client always must")
    }

    func register(in registry: inout Registry) {
        registry.add(collection: StoredCode.collection)
        registry.add(metadata: "code_challenge_methods_supported", .union([CodeChallenge.method]))
        registry.add(flow: CodeFlow(codes: codes, lifetime: lifetime, isChallengeRequired: isChallengeRequired))
        registry.add(grant: CodeGrant(codes: codes))
    }
}

/// The codes, which the store keeps under their digests.
struct Codes: Sendable {
    let host: any PluginHost

    func key(of code: String) -> StoreKey {
        StoredCode.collection.key(host.cryptography.digest(code))
    }
}

/// The handshake that the server reads before it loads this library.
@c(authorization_code_plugin_abi)
public func authorizationCodePluginABI() -> UnsafeRawPointer? {
    unsafe grantor_plugin_abi()
}

/// Hands the plugin to the server.
@c(authorization_code_plugin_make)
public func authorizationCodePluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(AuthorizationCode.self)
}
