// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An authorization request that may be shown to a user.
struct ValidRequest: Sendable {
    let registered: RegisteredClient
    let request: AuthorizationRequest
    /// The flows of its response type, in the order in which they respond.
    let flows: [Owned<any AuthorizationFlow>]
    let destination: AuthorizationDestination
    let policy: InteractionPolicy
}
