// SPDX-License-Identifier: Apache-2.0

/// The error that ends a command, printed without the usage text that would bury it.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
