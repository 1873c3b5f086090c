// SPDX-License-Identifier: Apache-2.0

/// What ended a command, without the usage that would hide it.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
