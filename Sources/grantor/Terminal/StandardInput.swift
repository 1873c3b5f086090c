// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines of standard input, read without reading ahead, since another reader may need the rest.
enum StandardInput {
    /// The next line without its line end; nil after the last one.
    static func line() -> String? {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        // Safe: reads one byte into one byte.
        while unsafe read(STDIN_FILENO, &byte, 1) == 1 {
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
