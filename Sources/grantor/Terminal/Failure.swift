// SPDX-License-Identifier: Apache-2.0

import OutsideText

/// The error that ends a command, printed without the usage text that would bury it.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        // Messages quote files that somebody else may have written.
        self.description = ShownText.cleaned(description)
    }
}
