// SPDX-License-Identifier: Apache-2.0

/// A place in a file, counted from 0.
public struct Mark: Sendable, Hashable {
    var line: Int
    var column: Int
}
