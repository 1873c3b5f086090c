// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit
import OutsideText

/// Formats the times on a page in the page's language and the user's time zone, or in UTC if that is not known.
struct MomentText {
    private let texts: [String: String]
    private let zone: TimeZone?

    /// Creates a formatter for one page.
    ///
    /// - Parameters:
    ///   - texts: The strings of the page's language.
    ///   - zone: The user's time zone by its name in the IANA database, if the account has one.
    init(_ texts: [String: String], zone: String?) {
        self.texts = texts
        self.zone = zone.flatMap(TimeZone.init(identifier:))
    }

    /// Replaces every time in a page's values by its text and its machine-readable form.
    func resolve(_ json: JSON) -> JSON {
        switch json {
        case .array(let elements): return .array(elements.map(resolve))
        case .object(let members):
            if members.count == 1, let seconds = json["moment"]?.integer { return shown(Timestamp(seconds: seconds)) }
            return .object(members.map { JSON.Member($0.name, resolve($0.value)) })
        default: return json
        }
    }

    private func shown(_ moment: Timestamp) -> JSON {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone ?? .gmt
        let parts = calendar.dateComponents(
            [.year, .month, .day, .hour, .minute], from: Date(timeIntervalSince1970: Double(moment.seconds)))
        let text = Placeholders.fill(
            texts["moment"] ?? "",
            [
                "day": "\(parts.day ?? 0)", "month": month(parts.month ?? 0), "year": "\(parts.year ?? 0)",
                "time": "\(twoDigits(parts.hour ?? 0)):\(twoDigits(parts.minute ?? 0))",
            ])
        return [
            "text": .string(zone == nil ? "\(text) UTC" : text), "machine": .string(moment.rfc3339),
        ]
    }

    private func month(_ number: Int) -> String {
        let names = (texts["months"] ?? "").raw.split(at: ",")
        return names.indices.contains(number - 1) ? names[number - 1].trimmed().string : "\(number)"
    }

    private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
