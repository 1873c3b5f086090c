// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The part of a valid authorization request that decides what the client gets, and where.
struct ValidAuthorization: Sendable {
    let request: AuthorizationRequest
    /// The flows of its response type, in the order in which they respond.
    let flows: [Owned<any AuthorizationFlow>]
    let destination: AuthorizationDestination
}
