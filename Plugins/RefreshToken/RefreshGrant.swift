// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Redeems a refresh token and rotates it.
struct RefreshGrant: TokenGrant {
    static let wire = "refresh_token"

    let families: RefreshFamilies
    let declaration = GrantDeclaration(RefreshGrant.wire, client: .identified, impliedBy: "refresh_token")
    let parameters = [ParameterDeclaration("refresh_token", required: true, longest: 512, secret: true)]

    private var host: any PluginHost { families.host }

    func authorize(_ request: TokenRequest) async throws -> Authorization {
        guard let presented = try await families.parse(try request.parameters.required("refresh_token")) else {
            throw OAuthError.invalidGrant(reason: "the refresh token was not issued by this server")
        }
        guard let record = try await host.store.read(presented.key), record.expiresAt > host.now else {
            throw OAuthError.invalidGrant(reason: "the refresh token has expired")
        }
        let family = try StoredFamily(record)
        guard family.clientID == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the refresh token was issued to another client")
        }
        var authorization = family.authorization
        authorization.writes = [try await host.tokens.unrevoked(.token(presented.family))]
        if presented.generation == family.generation {
            let end = families.end(request.client, authorization, now: host.now)
            authorization.writes += [family.rotate(at: host.now, until: end)]
        } else if !isWithinGrace(presented, family) {
            try await refuseReuse(authorization, of: presented)
        }
        guard families.isEntitled(request.client, to: authorization) else {
            throw OAuthError.invalidGrant(reason: "the client may no longer have refresh tokens")
        }
        authorization.attachments[RefreshToken.manifest.id] = [
            "family": .string(presented.family), "next": .integer(presented.generation &+ 1),
        ]
        return authorization
    }

    /// Whether a token was rotated so recently that it still gets the same successor: two tabs may redeem one token, or
    /// a client may repeat a request whose response it lost.
    ///
    /// This applies only to the token before the current one, and using it does not extend the period. Another server's
    /// clock may be ahead by at most that period.
    private func isWithinGrace(_ presented: RefreshFamilies.Presented, _ family: StoredFamily) -> Bool {
        let since = host.now - family.rotatedAt
        return presented.generation == family.generation &- 1 && since < families.grace
            && .zero - since < families.grace
    }

    /// Revokes the family, since two parties have it and it is unknown which one stole it (RFC 9700 section 4.14.2).
    private func refuseReuse(_ authorization: Authorization, of presented: RefreshFamilies.Presented) async throws {
        host.events.record(Event(.replayed, authorization))
        let ended = authorization.grantID.map(Revocation.grant) ?? .token(presented.family)
        try await host.tokens.revoke(ended, reason: "a refresh token was used again")
        throw OAuthError.invalidGrant(reason: "the refresh token was used before; all tokens of its grant are revoked")
    }
}
