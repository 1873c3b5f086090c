// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The settings for the tokens that a client gets under one grant.
struct TokenPlan: Sendable {
    let format: Owned<any TokenFormat>
    let lifetime: Duration
    let audience: AudienceRule
}
