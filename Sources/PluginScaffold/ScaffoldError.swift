// SPDX-License-Identifier: Apache-2.0

/// The reason why no package was written, and what to do instead.
package struct ScaffoldError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) {
        self.description = description
    }
}
