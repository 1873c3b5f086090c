// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The answer of the token endpoint to what a grant decided.
struct TokenAnswer: PendingAnswer {
    let core: ServerCore
    let tokenRequest: TokenRequest
    let decided: Authorization

    var request: Issuance.Answer { .token(tokenRequest) }
    var newGrantID: String { core.random(bytes: 16) }
    var parts: [AnswerPart] { [AnswerPart(of: tokenRequest.grant)] }
    var ended: OAuthError {
        .invalidGrant(reason: "what was granted has ended: its limits end before the token begins")
    }

    func writes(beside issuance: Issuance) -> [StoreWrite] { [] }
    func committed(_ issuance: Issuance) {}

    /// - Throws: `OAuthError` `invalid_grant` for a replay or a revoked grant; what `replace` met is decided anew.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization) async throws {
        switch write {
        case .replace: return
        case .redeem: throw try await replay(found, authorization)
        case .absent: throw OAuthError.invalidGrant(reason: "the grant was revoked")
        default: throw OAuthError.invalidGrant(reason: "what would be created exists already")
        }
    }

    /// RFC 6749 section 4.1.2: what was redeemed before is in two hands, so all that came of it ends.
    private func replay(_ found: StoreRecord?, _ authorization: Authorization) async throws -> OAuthError {
        guard found?.isRedeemed == true, let id = authorization.grantID else {
            return .invalidGrant(reason: "it is gone")
        }
        core.events.record(Event(.replayed, authorization))
        try await core.tokenRegistry.revoke(.grant(id), reason: "it was redeemed twice")
        return .invalidGrant(reason: "it was redeemed before; all that came of it is revoked")
    }
}
