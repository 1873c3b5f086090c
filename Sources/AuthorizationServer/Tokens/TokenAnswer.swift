// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit

/// The response of the token endpoint to the decision of a grant.
struct TokenAnswer: PendingAnswer {
    let core: ServerCore
    let tokenRequest: TokenRequest
    let decided: Authorization
    /// Whether the grant has decided before, and what it read has changed since.
    let isRepeated: Bool

    /// The request, whose parameters nobody watches: an extension may look for those of another grant.
    var request: Issuance.Answer {
        var request = tokenRequest
        request.parameters.missing = nil
        return .token(request)
    }
    var grant: String? { tokenRequest.grant.key }
    var askedScope: String? { tokenRequest.parameters["scope"] }
    var hasCurrentUser: Bool { false }
    var newGrantID: String { core.random(bytes: 16) }
    var parts: [AnswerPart] { [AnswerPart(of: tokenRequest.grant)] }
    var ended: OAuthError {
        .invalidGrant(reason: "the grant has ended: its limits leave no time for a token")
    }

    func committed(beside issuance: Issuance) -> BesideAnswer { BesideAnswer() }
    func finish(_ promised: PromisedEvents) {}

    /// - Throws: `OAuthError` `invalid_grant` for a replay or a revoked grant; a conflict of `replace`, and the first one
    ///   of `create`, is decided again.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization?) async throws {
        switch write {
        case .replace: return
        // A grant that counts creates the first count: the second of two first requests has to read the other's.
        case .create where !isRepeated: return
        case .redeem: throw try await replay(found, authorization)
        case .absent: throw OAuthError.invalidGrant(reason: "the grant was revoked")
        default:
            // Never the key, which may be secret.
            let place = write.key.map { " in the collection '\($0.collection)'" } ?? ""
            throw OAuthError.invalidGrant(reason: "a record to be created already exists\(place)")
        }
    }

    /// RFC 6749 section 4.1.2: a code that is redeemed twice is in two hands, so everything issued from it is revoked.
    private func replay(_ found: StoreRecord?, _ authorization: Authorization?) async throws -> OAuthError {
        guard found?.isRedeemed == true, let authorization, let id = authorization.grantID else {
            return .invalidGrant(reason: "its record is gone")
        }
        core.events.record(Event(.replayed, authorization))
        try await core.tokenRegistry.revoke(.grant(id), reason: "it was redeemed twice")
        return .invalidGrant(reason: "it was redeemed before; everything issued from it is revoked")
    }
}
