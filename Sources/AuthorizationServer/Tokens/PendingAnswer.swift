// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A response that is about to be issued: where the two endpoints differ for `TokenIssuer`.
protocol PendingAnswer {
    /// The request.
    var request: Issuance.Answer { get }
    /// The key of the grant that events name.
    var grant: String? { get }
    /// The requested scope, as the request has it; nil if it has none.
    var askedScope: String? { get }
    /// Whether the user has just been read, together with the session.
    var hasCurrentUser: Bool { get }
    /// The decision of the grant; it has no grant id if a new grant begins.
    var decided: Authorization { get }
    /// The id for a new grant.
    var newGrantID: String { get }
    /// The parts of the response.
    var parts: [AnswerPart] { get }
    /// The refusal if the limits leave no time.
    var ended: OAuthError { get }

    /// What to commit together with the response itself.
    func committed(beside issuance: Issuance) async throws -> BesideAnswer
    /// Handles a conflict: throws a refusal, or returns if the request should be decided again.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization) async throws
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
