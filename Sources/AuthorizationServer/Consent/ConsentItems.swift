// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What plugins ask of a person beside scope words, such as single claims (decision 0033).
///
/// A plugin lists it as strings in the member `consent` of its attachment to the request. Each holds a space, which no
/// scope word can hold, so that neither is ever taken for the other. What the person does not allow is taken out of the
/// list, so that the plugin finds there what was granted.
enum ConsentItems {
    private static let member = "consent"
    /// More than anybody reads.
    private static let most = 64

    /// What is asked for, each once.
    static func asked(_ attachments: [String: JSON]) -> [String] {
        var asked: [String] = []
        for (_, attachment) in attachments.sorted(by: { $0.key < $1.key }) {
            for item in attachment[member]?.strings ?? [] where isItem(item) && !asked.contains(item) {
                asked.append(item)
            }
        }
        return Array(asked.prefix(most))
    }

    /// Printable ASCII around a space, so that equal strings are equal bytes.
    private static func isItem(_ text: String) -> Bool {
        text.utf8.count <= 256 && text.utf8.allSatisfy { 0x20...0x7E ~= $0 } && text.utf8.contains(0x20)
    }

    /// The attachments with nothing in their lists but what was allowed.
    static func keeping(_ allowed: [String], in attachments: [String: JSON]) -> [String: JSON] {
        attachments.mapValues { attachment in
            guard let items = attachment[member]?.strings, !items.isEmpty else { return attachment }
            var kept = attachment
            kept[member] = .strings(items.filter(allowed.contains))
            return kept
        }
    }
}
