// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The query of a redirect URI has a parameter of the response, so that the client could not tell which of the two
/// counts.
struct ClashingParameter: Error, CustomStringConvertible {
    let name: String

    var description: String {
        "the client's redirect URI already has the parameter '\(name)', which the response carries too"
    }
}
