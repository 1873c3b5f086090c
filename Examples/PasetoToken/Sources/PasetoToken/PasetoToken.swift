// SPDX-License-Identifier: Apache-2.0

import CPluginABI
import GrantKit

/// Access tokens in the format PASETO, which a resource server verifies itself.
struct PasetoToken: Plugin, TokenFormat {
    static let manifest = PluginManifest(
        id: "paseto-token", summary: "signed access tokens in the format PASETO",
        specification: "PASETO version 4, purpose public")

    let name = "paseto"
    let isSelfContained = true
    private let host: any PluginHost
    private let signer: NamedKey
    /// The keys that verify: the one that signs, and former ones.
    private let keys: [NamedKey]

    init(settings: Settings, host: any PluginHost) throws {
        self.host = host
        let seed = settings.read(secret: "secret_key", "the seed of the key that signs: 32 random bytes in base64url")
        let shown = settings.read(
            "former_public_keys", default: [String](), "the public keys whose tokens are still accepted")
        guard let seed, let signer = NamedKey(seed: seed, host.cryptography) else {
            throw ConfigurationError("'secret_key' must be 32 bytes in base64url without padding", at: "secret_key")
        }
        let former = shown.compactMap { NamedKey(shown: $0, host.cryptography) }
        guard former.count == shown.count else {
            throw ConfigurationError(
                "'former_public_keys' must be public keys such as 'paseto_public_keys' in the server's metadata shows",
                at: "former_public_keys")
        }
        self.signer = signer
        keys = [signer] + former
    }

    func register(in registry: inout Registry) {
        registry.add(format: self)
        registry.add(metadata: "paseto_public_keys", .value(.strings(keys.map(\.shown))))
    }

    func mint(_ contents: TokenContents) async throws -> MintedToken {
        var claims = TokenClaims.describe(contents, issuer: host.issuer)
        claims[TokenClaims.attachments] = try await sealed(contents.authorization.attachments).map(JSON.string)
        let token = PublicToken.make(
            claims.bytes, footer: signer.footer, assertion: host.issuer, by: signer.key)
        guard let token else { throw OAuthError(.serverError, reason: "paseto-token: the key cannot sign") }
        return MintedToken(token)
    }

    func resolve(_ value: String) async throws -> ResolvedToken? {
        guard let token = PublicToken(value), let named = keys.first(where: { $0.footer == token.footer }),
            token.isSigned(by: named.key, assertion: host.issuer), let claims = try? JSON(parsing: token.message),
            claims["iss"]?.string == host.issuer, var resolved = TokenClaims.token(claims)
        else { return nil }
        guard let sealed = claims[TokenClaims.attachments]?.string else { return resolved }
        guard let attachments = try await opened(sealed) else { return nil }
        resolved.authorization.attachments = attachments
        return resolved
    }

    // MARK: attachments

    private static let purpose = "paseto-attachments"
    /// The longest sealed attachments in bytes, since longer ones would make the token too long for a header.
    private static let longest = 2048

    /// Seals what plugins keep with the authorization, so that only this server can read it; nil if that is too long.
    private func sealed(_ attachments: [String: JSON]) async throws -> String? {
        guard !attachments.isEmpty else { return nil }
        let members = attachments.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value) }
        let sealed = try await host.keys.seal(JSON.object(members).text, purpose: PasetoToken.purpose)
        return sealed.utf8.count <= PasetoToken.longest ? sealed : nil
    }

    private func opened(_ sealed: String) async throws -> [String: JSON]? {
        guard let text = try await host.keys.open(sealed, purpose: PasetoToken.purpose),
            let members = try? JSON(parsing: text).members
        else { return nil }
        return Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }
}

/// The handshake, which the server reads before it loads this library.
@c(paseto_token_plugin_abi) public func pasetoTokenPluginABI() -> UnsafeRawPointer? { unsafe grantor_plugin_abi() }

/// Passes the plugin's type to the server.
@c(paseto_token_plugin_make) public func pasetoTokenPluginMake() -> UnsafeMutableRawPointer {
    unsafe PluginExport.make(PasetoToken.self)
}
