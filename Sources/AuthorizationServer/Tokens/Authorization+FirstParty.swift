// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Authorization {
    /// Whether this was granted in an interaction, without asking the user for consent.
    func restsOnFirstParty(_ generation: Generation) -> Bool {
        guard !origin.isEmpty, case .user = subject else { return false }
        return generation.capabilities.asksUsers(under: origin) && !Tombstone.wasAsked(forGrant: grantID)
    }
}
