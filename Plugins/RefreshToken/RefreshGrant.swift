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
        guard let presented = families.parse(try request.parameters.required("refresh_token")) else {
            throw OAuthError.invalidGrant(reason: "the refresh token was not made by this server")
        }
        guard let record = try await host.store.read(presented.key), record.expiresAt > host.now,
            let family = try StoredFamily(record)
        else { throw OAuthError.invalidGrant(reason: "the refresh token has expired") }
        guard family.clientID == request.client.id else {
            throw OAuthError.invalidGrant(reason: "the refresh token was issued to another client")
        }
        var authorization = family.authorization
        authorization.writes = [host.tokens.unrevoked(.token(presented.family))]
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

    /// Two tabs, or a client that lost the answer, ask with one token: they get the same successor, for a moment.
    ///
    /// Only the token right before the current one counts, and asking does not make the moment longer. Another node's
    /// clock may be ahead, by no more than the moment itself.
    private func isWithinGrace(_ presented: RefreshFamilies.Presented, _ family: StoredFamily) -> Bool {
        let since = host.now - family.rotatedAt
        return presented.generation == family.generation &- 1 && since < families.grace
            && .zero - since < families.grace
    }

    /// Two parties hold the family, and nobody can tell which of them stole it (RFC 9700 section 4.14.2).
    private func refuseReuse(_ authorization: Authorization, of presented: RefreshFamilies.Presented) async throws {
        host.events.record(Event(.replayed, authorization))
        let ended = authorization.grantID.map(Revocation.grant) ?? .token(presented.family)
        try await host.tokens.revoke(ended, reason: "a refresh token was used again")
        throw OAuthError.invalidGrant(reason: "the refresh token was used before; what came of it is revoked")
    }
}
