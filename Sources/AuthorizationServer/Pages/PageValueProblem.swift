// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A page of a plugin has a value where the server puts its own; said to the author of the plugin.
struct PageValueProblem: Error, CustomStringConvertible {
    let page: String
    let value: String
    let own: Set<String>

    var description: String {
        "the page '\(page)' has a value named '\(value)', which the server sets itself: give it another name "
            + "(the server's own are \(own.sorted().joined(separator: ", ")))"
    }
}
