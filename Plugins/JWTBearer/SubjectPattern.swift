// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A subject, or the beginning of subjects up to a separator, such as `system:serviceaccount:shop:*`.
struct SubjectPattern: Sendable {
    private static let longest = 512
    /// The subject, or its beginning.
    private let text: String
    private let isBeginning: Bool

    /// Reads a pattern; nil if it has an asterisk anywhere but at its end after ':' or '/'.
    ///
    /// Without a separator, `repo:shop*` would also be `repo:shop-of-somebody-else`.
    init?(_ pattern: String) {
        let bytes = pattern.utf8
        guard (1...SubjectPattern.longest).contains(bytes.count) else { return nil }
        let asterisk = UInt8(ascii: "*")
        guard bytes.contains(asterisk) else {
            (text, isBeginning) = (pattern, false)
            return
        }
        let rest = bytes.dropLast()
        guard bytes.last == asterisk, !rest.contains(asterisk),
            rest.last == UInt8(ascii: ":") || rest.last == UInt8(ascii: "/")
        else { return nil }
        (text, isBeginning) = (String(Substring(rest)), true)
    }

    /// Whether a subject fits, byte for byte.
    func fits(_ subject: String) -> Bool {
        guard isBeginning else { return subject == text }
        return subject.utf8.count > text.utf8.count && subject.utf8.starts(with: text.utf8)
    }

    var description: String { isBeginning ? text + "*" : text }
}
