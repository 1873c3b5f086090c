// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines of standard input, of which nothing is read ahead: somebody else may wait for the rest.
enum StandardInput {
    /// The next line without its end; nil after the last one.
    static func line() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        // One byte is read into one.
        while unsafe read(STDIN_FILENO, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
