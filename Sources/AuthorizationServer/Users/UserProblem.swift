// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Why a user cannot be made or changed, and what to do.
public struct UserProblem: Error, Sendable, CustomStringConvertible {
    /// In words for a person who manages users.
    public let description: String

    init(_ description: String) {
        self.description = description
    }
}
