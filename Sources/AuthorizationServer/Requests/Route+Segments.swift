// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension Route {
    /// The path without its leading slash, for the log and the metrics.
    var name: String { path.raw.dropFirst().string }

    /// The path up to the slash before its variable segment; nil if it has none.
    var stem: String? {
        guard path.utf8.last == UInt8(ascii: "}") else { return nil }
        return path.raw.cut(atLast: "{")?.before.string
    }

    /// The variable segment in the path of a request, decoded (RFC 3986 section 2.1).
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    func segment(of path: String) throws -> String? {
        guard stem != nil else { return nil }
        let bytes = Array(path.utf8)
        let start = bytes.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? 0
        // In a path, a plus sign is not a space.
        let literal = bytes[start...].flatMap { $0 == UInt8(ascii: "+") ? Array("%2B".utf8) : [$0] }
        return try FormBody.decode(literal[...])
    }
}
