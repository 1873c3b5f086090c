// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Days of the week and times of the day in UTC, such as `Mon-Fri 08:00-18:00`.
struct OpeningHours: SettingValue, CustomStringConvertible {
    static let expectation = "hours such as 'Mon-Fri 08:00-18:00', or a list of hours"
    static let always = OpeningHours(all: [Hours(days: 0...6, from: 0, to: 1440, text: "Mon-Sun 00:00-24:00")])

    /// One entry, which may end on the day after it begins.
    private struct Hours {
        /// The days on which it begins, from Monday, which is 0.
        let days: ClosedRange<Int>
        /// Minutes after midnight.
        let from: Int
        let to: Int
        let text: String

        func contains(_ day: Int, _ minute: Int) -> Bool {
            if from < to { return days.contains(day) && from <= minute && minute < to }
            return days.contains(day) && from <= minute || days.contains((day + 6) % 7) && minute < to
        }
    }

    private let all: [Hours]

    private init(all: [Hours]) {
        self.all = all
    }

    init?(setting: JSON) {
        guard let words = [String](setting: setting), !words.isEmpty else { return nil }
        all = words.compactMap(OpeningHours.hours)
        guard all.count == words.count else { return nil }
    }

    var setting: JSON { .strings(all.map(\.text)) }
    var description: String { all.map(\.text).joined(separator: ", ") }

    func contains(_ moment: Timestamp) -> Bool {
        let (days, second) = moment.seconds.quotientAndRemainder(dividingBy: 86400)
        guard second >= 0 else { return false }
        // 1970 began on a Thursday.
        let day = Int((days + 3) % 7)
        return all.contains { $0.contains(day, Int(second / 60)) }
    }

    private static let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    private static func hours(_ text: String) -> Hours? {
        let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 2, let (first, last) = pair(parts[0], day),
            let (from, to) = pair(parts[1], minutes), first <= last, from != to, from < 1440
        else { return nil }
        return Hours(days: first...last, from: from, to: to, text: text)
    }

    /// Reads two values with a hyphen between them, or one value that is both.
    private static func pair(_ text: Substring.UTF8View, _ read: (String) -> Int?) -> (Int, Int)? {
        let parts = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let one = parts.first, let other = parts.last, parts.count <= 2,
            let first = read(String(decoding: one, as: UTF8.self)),
            let last = read(String(decoding: other, as: UTF8.self))
        else { return nil }
        return (first, last)
    }

    private static func day(_ name: String) -> Int? {
        names.firstIndex { $0 == name }
    }

    /// Reads `HH:MM` as minutes after midnight, up to `24:00`.
    private static func minutes(_ text: String) -> Int? {
        let bytes = Array(text.utf8)
        guard bytes.count == 5, bytes[2] == UInt8(ascii: ":") else { return nil }
        let digits = [bytes[0], bytes[1], bytes[3], bytes[4]]
        guard digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        let numbers = digits.map { Int($0) - 0x30 }
        let (hour, minute) = (numbers[0] * 10 + numbers[1], numbers[2] * 10 + numbers[3])
        return hour * 60 + minute <= 1440 && minute < 60 ? hour * 60 + minute : nil
    }
}
