// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What governs the tokens that a client gets under one grant.
struct TokenPlan: Sendable {
    let format: any TokenFormat
    let lifetime: Duration
    let audience: AudienceRule
}
