// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Adds a refresh token to the token response: the successor of a redeemed one, or the first of a new family.
struct RefreshExtension: ResponseExtension {
    let families: RefreshFamilies
    let members = ["refresh_token"]

    func extend(_ issuance: inout Issuance) async throws {
        guard case .token(let request) = issuance.answer else { return }
        if request.grant.wire == RefreshGrant.wire {
            // A response without the successor would cost the client the token that it has, so nothing is redeemed.
            guard issuance.limits.mayRefresh else {
                throw OAuthError.invalidGrant(reason: "a filter of token requests rules out refresh tokens")
            }
            let own = issuance.authorization.attachments[RefreshToken.manifest.id]
            guard let family = own?["family"]?.string, let next = own?["next"]?.integer else { return }
            return try issuance.add("refresh_token", .string(try await families.token(family, next)))
        }
        let authorization = issuance.authorization
        guard families.isEntitled(issuance.client, to: authorization), !OfflineAccess.isRefused(authorization)
        else { return }
        guard issuance.limits.mayRefresh, issuance.client.grants.contains(RefreshGrant.wire) else { return }
        let family = begin(&issuance, authorization)
        try issuance.add("refresh_token", .string(try await families.token(family, 0)))
    }

    /// Begins a family, and returns its id.
    private func begin(_ issuance: inout Issuance, _ authorization: Authorization) -> String {
        var kept = authorization
        // The refresh tokens of a client that authenticates are already bound to it (RFC 9449 section 5).
        if !issuance.client.isPublic { kept.confirmation = nil }
        let family = families.host.random(bytes: 16)
        let end = families.end(issuance.client, authorization, now: issuance.issuedAt)
        issuance.alsoWrite(StoredFamily.create(family, for: issuance.client, kept, at: issuance.issuedAt, until: end))
        return family
    }
}
