// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The audiences that a client may ask tokens for.
struct AudienceRule: Sendable {
    private let names: [String]
    private let patterns: [AudiencePattern]

    /// Reads a list in which an entry that starts with `#` is a pattern of the whole audience.
    ///
    /// - Throws: What is wrong with the first pattern that cannot be used.
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

    /// The pattern of an entry, nil if the entry is a name.
    static func pattern(in entry: String) -> String? {
        entry.utf8.first == UInt8(ascii: "#") ? String(decoding: entry.utf8.dropFirst(), as: UTF8.self) : nil
    }

    /// Narrows to what a request asks for.
    ///
    /// - Parameters:
    ///   - asked: The audiences that it asked for.
    ///   - own: The server itself, where the scope is for what it serves too: a client with an API of its own should not
    ///     have to ask for both.
    /// - Returns: What is allowed of what it asked for, all names if it asked for none.
    func narrow(to asked: [String], and own: String?) -> [String] {
        guard asked.isEmpty else { return asked.filter(allows) }
        guard let own, !names.isEmpty, !names.contains(own) else { return names }
        return names + [own]
    }

    /// Whether an audience is one of the names or matches a pattern; byte for byte, since Swift's own comparison takes
    /// different bytes for one text.
    func allows(_ audience: String) -> Bool {
        names.contains(audience)
            || patterns.contains { $0.matches(audience.utf8) }
    }
}
