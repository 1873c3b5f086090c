// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Ids and values of indexes as the columns hold them: in the same order, but without NUL, at which SQLite's interface
/// ends a string.
///
/// NUL becomes the bytes 1 and 1, and the byte 1 becomes 1 and 2.
enum StoredText {
    private static let escape: UInt8 = 1

    static func encode(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 <= escape }) else { return text }
        return String(decoding: text.utf8.flatMap { $0 <= escape ? [escape, $0 + 1] : [$0] }, as: UTF8.self)
    }

    static func decode(_ text: String) -> String {
        guard text.utf8.contains(escape) else { return text }
        var bytes: [UInt8] = []
        var isEscaped = false
        for byte in text.utf8 {
            if isEscaped, byte == escape || byte == escape + 1 {
                bytes.append(byte - 1)
                isEscaped = false
            } else if byte == escape {
                isEscaped = true
            } else {
                // No such pair is ever written; another program's bytes are kept.
                if isEscaped { bytes.append(escape) }
                bytes.append(byte)
                isEscaped = false
            }
        }
        return String(decoding: isEscaped ? bytes + [escape] : bytes, as: UTF8.self)
    }
}

extension StoreKey {
    /// The id as the columns hold it.
    var storedID: String { StoredText.encode(id) }
}
