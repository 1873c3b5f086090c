// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Issues ID tokens (OpenID Connect Core section 2).
struct IdentityTokens: Sendable {
    let host: any PluginHost
    let algorithm: ClientAttribute<String>
    let lifetime: Duration
    /// Whether tokens name their grant, so that they can be exchanged and end with it.
    let areBound: Bool

    /// The `typ` of the header.
    static let type = "JWT"

    /// The claims about the token itself, which claims sources must not set.
    static let reserved = [
        "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "sid",
    ]

    /// The ID token for a response; only the first one for an authorization has the nonce (section 12.2).
    func token(
        for issuance: Issuance, isFirst: Bool, as destination: ClaimsDestination = .identityToken
    ) async throws -> JSON {
        let authorization = RequestedClaims.narrowed(issuance.authorization, to: issuance.client)
        let name = issuance.client[algorithm]
        let end = issuance.issuedAt + lifetime
        let expiresAt = issuance.limits.notAfter.map { min($0, end) } ?? end
        func half(_ member: String) -> JSON? {
            issuance[member].map { .string(host.cryptography.leftHalf($0, algorithm: name)) }
        }
        var claims: JSON = [
            "iss": .string(host.issuer), "sub": .string(authorization.subject.id), "aud": .string(issuance.client.id),
            "iat": .integer(issuance.issuedAt.seconds),
            "exp": .integer(expiresAt.seconds),
        ]
        claims["auth_time"] = (authorization.authenticatedAt?.seconds).map(JSON.integer)
        if isFirst { claims["nonce"] = authorization.attachments[OpenID.manifest.id]?["nonce"] }
        claims["acr"] = authorization.acr.map(JSON.string)
        if !authorization.amr.isEmpty { claims["amr"] = .strings(authorization.amr) }
        claims["sid"] = authorization.sessionID.map(JSON.string)
        claims["at_hash"] = half("access_token")
        claims["c_hash"] = half("code")
        var about = try await host.access.claims(
            for: authorization, client: issuance.client, scope: issuance.limits.scope, to: destination)
        if destination != .identityToken {
            // Even if it contains the claims of userinfo, it is an ID token for which claims can be requested.
            let own = try await host.access.claims(
                for: authorization, client: issuance.client, scope: issuance.limits.scope, to: .identityToken)
            about += own.filter { claim in !about.contains { $0.name == claim.name } }
        }
        let told = about.filter {
            !IdentityTokens.reserved.contains($0.name) && !(areBound && BoundIdentity.reserved.contains($0.name))
        }
        let bound = areBound ? BoundIdentity.claims(of: issuance, id: host.random(bytes: 16)) : []
        return .string(
            try await host.keys.sign(
                .object(claims.members + bound + told), type: IdentityTokens.type, algorithm: name))
    }
}

/// Adds an ID token to the token response (OpenID Connect Core sections 3.1.3.3 and 12.2).
struct IdentityExtension: ResponseExtension {
    let tokens: IdentityTokens
    let members = ["id_token"]
    /// After the access token, whose hash the ID token contains.
    let stage = Stage.assertion

    func extend(_ issuance: inout Issuance) async throws {
        // At the authorization endpoint, the response type decides.
        guard case .token(let request) = issuance.answer, issuance.limits.scope.contains(OpenID.scope),
            case .user = issuance.authorization.subject
        else { return }
        let isFirst = request.grant.key == issuance.authorization.origin
        try issuance.add("id_token", try await tokens.token(for: issuance, isFirst: isFirst))
    }
}
