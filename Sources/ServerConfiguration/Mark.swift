// SPDX-License-Identifier: Apache-2.0

/// A place in a file, with line and column counted from 0.
public struct Mark: Sendable, Hashable {
    var line: Int
    var column: Int
}
