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

    /// What to commit together with the response itself.
    func committed(beside issuance: Issuance) async throws -> BesideAnswer
    /// Does what must follow the commit, before the event about what was issued.
    func finish(_ promised: PromisedEvents) async
}

/// What is committed together with a response.
struct BesideAnswer {
    /// The writes that come before those of the response.
    var writes: [StoreWrite] = []
    /// The events about these writes.
    var promised = PromisedEvents.none
}
