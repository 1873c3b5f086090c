// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// How long a key set may be kept, by the headers that came with it (RFC 9111 sections 5.2.2 and 4.2.3).
enum KeySetLife {
    /// The bounds: a shorter life would cause too many requests, and after a longer one a stolen key would still count.
    static let bounds = Duration.seconds(60)...Duration.seconds(86400)
    /// The life of a set whose server says nothing.
    static let usual = Duration.seconds(3600)

    /// The time for which a response may be kept.
    static func of(_ headers: [(name: String, value: String)]) -> Duration {
        let directives = headers.filter { $0.name == "cache-control" }
            .flatMap { $0.value.raw.split(at: ",") }.map { $0.trimmed() }
        if directives.contains(where: { $0.isWord("no-store") || $0.isWord("no-cache") }) { return bounds.lowerBound }
        guard let shortest = directives.compactMap(longestAge).min() else { return usual }
        // A cache on the way may have kept the response for a part of that time.
        let age = headers.filter { $0.name == "age" }.compactMap { seconds($0.value.raw.trimmed()) }.max() ?? 0
        return min(max(.seconds(shortest - age), bounds.lowerBound), bounds.upperBound)
    }

    /// The seconds of a `max-age`; nil for any other directive.
    private static func longestAge(_ directive: RawText) -> Int64? {
        guard let (name, value) = directive.cut(at: "="), name.isWord("max-age") else { return nil }
        return seconds(value)
    }

    /// A number of seconds, also in quotes; nil for anything else.
    private static func seconds(_ text: RawText) -> Int64? {
        let digits = text.bytes.filter { $0 != UInt8(ascii: "\"") }
        guard !digits.isEmpty, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        // A number that does not fit is as good as the longest.
        return Int64(String(decoding: digits, as: UTF8.self)) ?? .max
    }
}
