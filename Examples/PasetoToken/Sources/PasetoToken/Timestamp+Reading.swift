// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension Timestamp {
    /// Reads a time as `rfc3339` writes it: in UTC, and without fractions of a second.
    init?(rfc3339 text: String) {
        let fields = text.utf8.split { !(0x30...0x39 ~= $0) }.compactMap { Int64(Substring($0)) }
        // With this length, no field is so large that the sums below overflow.
        guard text.utf8.count == 20, fields.count == 6 else { return nil }
        let days = Timestamp.days(year: fields[0], month: fields[1], day: fields[2])
        self.init(seconds: days * 86400 + fields[3] * 3600 + fields[4] * 60 + fields[5])
        // A date that does not exist, or another way to write one, comes out differently.
        guard rfc3339 == text else { return nil }
    }

    /// The days since 1970: Howard Hinnant's 'days from civil', which counts years from March.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = year.quotientAndRemainder(dividingBy: 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }
}
