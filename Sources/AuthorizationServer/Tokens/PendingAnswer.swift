// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A response that is about to be issued: where the two endpoints differ for `TokenIssuer`.
protocol PendingAnswer: PendingGrant {
    /// The request.
    var request: Issuance.Answer { get }
    /// The requested scope, as the request has it; nil if it has none.
    var askedScope: String? { get }
    /// The decision of the grant; it has no grant id if a new grant begins.
    var decided: Authorization { get }
    /// The parts of the response.
    var parts: [AnswerPart] { get }
    /// The refusal if the limits leave no time.
    var ended: OAuthError { get }

    /// The writes to commit before those of the response itself.
    func writes(beside issuance: Issuance) async throws -> [StoreWrite]
    /// Does what must follow the commit, before the event about what was issued.
    func committed(_ issuance: Issuance) async
}
