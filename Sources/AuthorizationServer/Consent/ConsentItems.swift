// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The items that plugins ask a user to allow in addition to scopes, such as single claims (decision 0033).
///
/// A plugin lists its items as strings in the member `consent` of its attachment to the request. Each item contains a
/// space, which no scope value can, so the two are never confused. Items that the user refuses are removed from the
/// list,
/// so that the plugin finds there what was granted.
enum ConsentItems {
    private static let member = "consent"
    /// More than anyone reads.
    private static let most = 64

    /// The items of all attachments, without repetition.
    static func asked(_ attachments: [String: JSON]) -> [String] {
        var asked: [String] = []
        for (_, attachment) in attachments.sorted(by: { $0.key < $1.key }) {
            for item in attachment[member]?.strings ?? [] where isItem(item) && !asked.contains(item) {
                asked.append(item)
            }
        }
        return Array(asked.prefix(most))
    }

    /// Printable ASCII with a space, so that equal strings have equal bytes.
    private static func isItem(_ text: String) -> Bool {
        text.utf8.count <= 256 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && text.utf8.contains(0x20)
    }

    /// Returns the attachments with only the allowed items in their lists.
    static func keeping(_ allowed: [String], in attachments: [String: JSON]) -> [String: JSON] {
        attachments.mapValues { attachment in
            guard let items = attachment[member]?.strings, !items.isEmpty else { return attachment }
            var kept = attachment
            kept[member] = .strings(items.filter(allowed.contains))
            return kept
        }
    }
}
