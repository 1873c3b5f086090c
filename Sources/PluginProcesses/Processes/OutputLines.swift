// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Cuts what a process prints into lines for the log.
struct OutputLines {
    /// The longest line, in bytes; the rest is dropped.
    private static let longest = 2000

    private var line: [UInt8] = []

    /// Adds what was printed.
    ///
    /// - Returns: The lines that have ended.
    mutating func add(_ printed: some Sequence<UInt8>) -> [String] {
        var lines: [String] = []
        for byte in printed {
            if byte == UInt8(ascii: "\n") {
                lines += end()
            } else if line.count < OutputLines.longest {
                line.append(byte)
            }
        }
        return lines
    }

    /// The line that has begun, if there is one.
    mutating func end() -> [String] {
        defer { line.removeAll(keepingCapacity: true) }
        return line.isEmpty ? [] : [String(decoding: line, as: UTF8.self)]
    }
}
