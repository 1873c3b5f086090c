// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The audiences that a client may request tokens for.
struct AudienceRule: Sendable {
    private let names: [String]
    private let patterns: [AudiencePattern]

    /// Parses a list in which an entry that starts with `#` is a pattern for the whole audience.
    ///
    /// - Throws: The first problem of a pattern.
    init(_ entries: [String]) throws(AudiencePattern.Problem) {
        var (names, patterns): ([String], [AudiencePattern]) = ([], [])
        for entry in entries {
            if let pattern = AudienceRule.pattern(in: entry) {
                patterns.append(try AudiencePattern(pattern))
            } else {
                names.append(entry)
            }
        }
        (self.names, self.patterns) = (names, patterns)
    }

    /// The pattern in an entry; nil if the entry is a name.
    static func pattern(in entry: String) -> String? {
        entry.utf8.first == UInt8(ascii: "#") ? String(decoding: entry.utf8.dropFirst(), as: UTF8.self) : nil
    }

    /// Narrows the rule to the audiences that a request asks for.
    ///
    /// - Parameters:
    ///   - asked: The requested audiences.
    ///   - own: This server, if the scope is also for its own endpoints: a client with an API of its own should not
    ///     have to request both.
    /// - Returns: The requested audiences that are allowed, or all names if the request asks for none.
    func narrow(to asked: [String], and own: String?) -> [String] {
        guard asked.isEmpty else { return asked.filter(allows) }
        guard let own, !names.isEmpty, !names.contains(own) else { return names }
        return names + [own]
    }

    /// Whether an audience is one of the names or matches a pattern, compared byte for byte.
    func allows(_ audience: String) -> Bool {
        names.contains(audience)
            || patterns.contains { $0.matches(audience.utf8) }
    }
}
