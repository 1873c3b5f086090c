// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A grant that is about to be committed: what `TokenIssuer` asks about it in order to check and commit it.
protocol PendingGrant {
    /// The key of the grant that events name.
    var grant: String? { get }
    /// Whether the user has just been read, together with the session.
    var hasCurrentUser: Bool { get }
    /// The id for a new grant.
    var newGrantID: String { get }

    /// Handles a conflict: throws a refusal, or returns if the request should be decided again.
    func conflict(at write: StoreWrite, with found: StoreRecord?, of authorization: Authorization?) async throws
}
