// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ClientDocument {
    /// The most patterns for one grant of a client: each of them is matched against each requested audience.
    private static let mostPatterns = 16

    /// Reads the audiences that the client may request tokens for under one grant.
    mutating func readAudience(_ member: JSON?, at place: Path) -> AudienceRule? {
        guard let entries = [String](setting: member ?? []) else {
            report(place, "'audience' must be \([String].expectation)")
            return nil
        }
        guard entries.allSatisfy({ $0.utf8.allSatisfy { 0x21...0x7E ~= $0 } }) else {
            report(place, "an audience must be printable ASCII without spaces")
            return nil
        }
        let patterns = entries.compactMap(AudienceRule.pattern)
        guard patterns.count <= ClientDocument.mostPatterns else {
            report(
                place,
                "'audience' has \(patterns.count) patterns; the limit is \(ClientDocument.mostPatterns)",
                note: .text("list audiences by name, or join patterns with '|'"))
            return nil
        }
        for (number, entry) in entries.enumerated() {
            checkAudience(entry, at: member?.string == nil ? place.element(number) : place)
        }
        return try? AudienceRule(entries)
    }

    private mutating func checkAudience(_ entry: String, at place: Path) {
        guard let pattern = AudienceRule.pattern(in: entry) else { return }
        do {
            _ = try AudiencePattern(pattern)
        } catch {
            report(
                place,
                "a pattern in 'audience' is not valid, at character \(error.position) after the '#': \(error.message)",
                note: .text("patterns are a subset of regular expressions: Docs/Configuration/audiences.md"))
        }
    }
}
