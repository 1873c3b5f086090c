// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An answer that is due at one endpoint: what differs between the endpoints in the steps of `TokenIssuer`.
protocol PendingAnswer {
    /// The request that is answered.
    var request: Issuance.Answer { get }
    /// What was decided; without a grant id where a new grant begins.
    var decided: Authorization { get }
    /// The id of the grant that begins.
    var newGrantID: String { get }
    /// What the answer is made of.
    var parts: [AnswerPart] { get }
    /// The refusal where the limits leave no time.
    var ended: OAuthError { get }

    /// What is committed before the writes of the answer itself.
    func writes(beside issuance: Issuance) async throws -> [StoreWrite]
    /// Refuses where one of the writes met a record that it did not expect; if it returns, the answer is decided anew.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization) async throws
    /// Does what follows the commit, before the event that says what was issued.
    func committed(_ issuance: Issuance) async
}

extension PendingAnswer {
    /// The key of the grant that the events name.
    var grant: String? { parts.first?.grant.key }
}
