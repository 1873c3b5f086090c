// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a line or the whole of a copy.
package struct CopyFault: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
