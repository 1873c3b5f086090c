// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ClientDocument {
    /// How many patterns one grant of a client may have: each of them is tried for each audience that is asked for.
    private static let mostPatterns = 16

    /// The audiences that the client may ask tokens for under one grant.
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
                "'audience' holds \(patterns.count) patterns, and at most \(ClientDocument.mostPatterns) are tried",
                note: .text("list audiences by name, or join patterns by '|'"))
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
                "this pattern of 'audience' cannot be matched, at character \(error.position) behind the '#': \(error.message)",
                note: .text("use the subset of regular expressions that Docs/Configuration/audiences.md lists"))
        }
    }
}
