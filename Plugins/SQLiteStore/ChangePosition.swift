// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// An entry of the log of changes, by its number and its random mark.
struct ChangePosition: Equatable {
    let number: Int64
    let mark: Int64

    /// Reads the first two columns of an entry.
    init(_ row: RecordRow) throws {
        number = try row.integer(0, "number")
        mark = try row.integer(1, "mark")
    }

    /// Reads a position; nil if it is none of this store's.
    init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: ":")).compactMap { Int64(Substring($0)) }
        guard parts.count == 2 else { return nil }
        (number, mark) = (parts[0], parts[1])
    }

    var text: String { "\(number):\(mark)" }
}
