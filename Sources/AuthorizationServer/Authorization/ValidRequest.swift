// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An authorization request that may be put before a person.
struct ValidRequest: Sendable {
    let registered: RegisteredClient
    let request: AuthorizationRequest
    /// The flows of its words, in the order in which they answer.
    let flows: [any AuthorizationFlow]
    let destination: AuthorizationDestination
    let policy: InteractionPolicy
}
