// SPDX-License-Identifier: Apache-2.0

import Foundation
import OutsideText

/// Columns for a terminal.
enum Table {
    static func render(_ cells: [[String]]) -> String {
        let rows = cells.map { $0.map(onOneLine) }
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { $0.indices.contains(column) ? $0[column].unicodeScalars.count : 0 }.max() ?? 0
        }
        let lines = rows.map { row in
            var line = row.enumerated().map { $1.padding(toLength: widths[$0], withPad: " ", startingAt: 0) }
                .joined(separator: "  ")
            while line.utf8.last == UInt8(ascii: " ") { line.unicodeScalars.removeLast() }
            return "  " + line
        }
        return lines.joined(separator: "\n")
    }

    /// A cell without characters that a terminal obeys, since names in it may come from outside.
    private static func onOneLine(_ cell: String) -> String {
        let scalars = ShownText.cleaned(cell).unicodeScalars.map { scalar -> Unicode.Scalar in
            ["\t", "\n", "\r"].contains(scalar) ? " " : scalar
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
