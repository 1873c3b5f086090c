// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Names as a server accepts them.
enum Word {
    /// Checks that a name is a word, as a server does before it starts.
    ///
    /// - Parameters:
    ///   - name: The name.
    ///   - what: What has the name.
    /// - Throws: `ConformanceFailure` if it is none.
    static func check(_ name: String, _ what: String) throws {
        try expect(
            Scope.isWord(name),
            "the \(what) '\(name)' is not a word: use printable ASCII without spaces, quotation marks and backslashes")
    }

    static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }
}
