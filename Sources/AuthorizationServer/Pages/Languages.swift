// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// The languages that a user reads, most preferred first.
enum Languages {
    /// The most languages that are considered.
    private static let most = 20

    /// The languages that a browser accepts (RFC 9110 section 12.5.4), without those that it excludes or that are
    /// malformed.
    static func accepted(by head: RequestHead) -> [String] {
        let ranges = head.headers.filter { $0.name == "accept-language" }.flatMap { $0.value.raw.split(at: ",") }
        let weighed = ranges.prefix(most).compactMap { range -> (tag: String, weight: Int)? in
            let parts = range.split(at: ";").map { $0.trimmed().string }
            guard let tag = parts.first, tag.raw.isLanguageTag else { return nil }
            guard parts.count > 1 else { return (tag, 1000) }
            guard parts.count == 2, let weight = weight(parts[1]), weight > 0 else { return nil }
            return (tag, weight)
        }
        // Of two with the same weight, the first comes first.
        return weighed.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }
            .map(\.element.tag)
    }

    /// `q=0.8` in thousandths (section 12.4.2).
    private static func weight(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 3, bytes.count <= 7, bytes[0] | 0x20 == UInt8(ascii: "q"), bytes[1] == UInt8(ascii: "="),
            bytes.count == 3 || bytes[3] == UInt8(ascii: "."), bytes[2] == 0x30 || bytes[2] == 0x31
        else { return nil }
        var weight = Int(bytes[2] - 0x30)
        for place in 4..<7 {
            let digit = place < bytes.count ? bytes[place] : 0x30
            guard 0x30...0x39 ~= digit else { return nil }
            weight = weight * 10 + Int(digit - 0x30)
        }
        return weight > 1000 ? nil : weight
    }

    /// The requested languages that are tags (RFC 5646).
    static func tags(_ asked: [String]) -> [String] {
        asked.prefix(most).filter { $0.raw.isLanguageTag }
    }
}
