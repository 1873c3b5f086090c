// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A redirect URI whose query holds a name that an answer carries: the client would not know which of the two is meant.
struct ClashingParameter: Error, CustomStringConvertible {
    let name: String

    var description: String {
        "the client's redirect URI already has the parameter '\(name)', which the answer carries"
    }
}
