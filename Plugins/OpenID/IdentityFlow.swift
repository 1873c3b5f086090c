// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response type `id_token`, alone or combined with others (OpenID Connect Core sections 3.2 and 3.3).
///
/// The client needs the implicit grant, whatever other response types are combined with this one (OpenID Connect
/// Dynamic Client Registration section 2).
struct IdentityFlow: AuthorizationFlow {
    let tokens: IdentityTokens
    let word = "id_token"
    let grant = GrantDeclaration("implicit", client: .identified)
    let isCompanion = true
    let combinesWith: Set<String> = ["code", "token"]
    let delivery = Delivery.fragment
    /// After the code and the access token, whose hashes the ID token contains.
    let stage = Stage.assertion

    func validate(_ request: AuthorizationRequest) async throws {
        // Without a nonce, an attacker could inject an ID token issued for someone else (section 3.2.2.11).
        _ = try request.parameters.required("nonce")
        guard let scope = request.parameters["scope"], try Scope(parsing: scope).contains(OpenID.scope) else {
            throw OAuthError(.invalidRequest, "an ID token requires the scope '\(OpenID.scope)'")
        }
    }

    func respond(_ issuance: inout Issuance, to request: AuthorizationRequest) async throws {
        guard issuance.limits.scope.contains(OpenID.scope) else {
            throw OAuthError(.invalidScope, "the client may not have the scope '\(OpenID.scope)'")
        }
        // Without an access token for userinfo, the ID token contains all claims (section 5.4).
        let isAlone = request.words == [word]
        try issuance.add(
            "id_token", try await tokens.token(for: issuance, isFirst: true, as: isAlone ? .userinfo : .identityToken))
    }
}
