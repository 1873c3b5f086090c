// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A mistake in a plugin: its page has a value that the server sets.
struct PageValueProblem: Error, CustomStringConvertible {
    let page: String
    let value: String
    let own: Set<String>

    var description: String {
        "the page '\(page)' has a value named '\(value)', which the server sets itself: rename it "
            + "(the server sets \(own.sorted().joined(separator: ", ")))"
    }
}
