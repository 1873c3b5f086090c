// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The word `id_token` of `response_type` (OpenID Connect Core sections 3.2 and 3.3), alone and beside others.
///
/// It is served where the implicit grant is: its client needs that grant, whatever words stand beside it
/// (OpenID Connect Dynamic Client Registration section 2).
struct IdentityFlow: AuthorizationFlow {
    let tokens: IdentityTokens
    let word = "id_token"
    let grant = GrantDeclaration("implicit", client: .identified)
    let isCompanion = true
    let combinesWith: Set<String> = ["code", "token"]
    let delivery = Delivery.fragment
    /// After the code and the token that it vouches for.
    let stage = Stage.assertion

    func validate(_ request: AuthorizationRequest) throws {
        // Without a nonce a token that was issued to somebody else could be put in (section 3.2.2.11).
        _ = try request.parameters.required("nonce")
        guard let scope = request.parameters["scope"], try Scope(parsing: scope).contains(OpenID.scope) else {
            throw OAuthError(.invalidRequest, "an identity token needs the scope '\(OpenID.scope)'")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        guard issuance.limits.scope.contains(OpenID.scope) else {
            throw OAuthError(.invalidScope, "the client may not have the scope '\(OpenID.scope)'")
        }
        // Where there will be no access token to ask userinfo with, the token tells all (section 5.4).
        let isAlone = request.words == [word]
        try issuance.add(
            "id_token", try await tokens.token(for: issuance, isFirst: true, as: isAlone ? .userinfo : .identityToken))
    }
}
