// SPDX-License-Identifier: Apache-2.0

/// A time in the Gregorian calendar and in UTC, whatever the time zone and language of the machine are.
struct CalendarTime {
    let year, month, day: Int64
    let hour, minute, second: Int64
    /// From 0 for Sunday.
    let weekday: Int

    init(_ moment: Timestamp) {
        let (whole, part) = moment.seconds.quotientAndRemainder(dividingBy: 86400)
        let (days, rest) = part < 0 ? (whole - 1, part + 86400) : (whole, part)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = Int(((days + 4) % 7 + 7) % 7)
        // This is Howard Hinnant's 'civil from days'. The calendar repeats after 400 years, which have 146,097 days.
        // Years are counted from March, so that the leap day is the last day of a year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }
}

extension Timestamp {
    /// The time in the format of RFC 3339, such as `1994-11-06T08:49:37Z`.
    public var rfc3339: String {
        let time = CalendarTime(self)
        let date = "\(padded(time.year, to: 4))-\(padded(time.month))-\(padded(time.day))"
        return "\(date)T\(padded(time.hour)):\(padded(time.minute)):\(padded(time.second))Z"
    }

    /// For the host: the time in the format of HTTP headers (RFC 9110 section 5.6.7), such as
    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    @_spi(Host)
    public var httpDate: String {
        let time = CalendarTime(self)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let date = "\(padded(time.day)) \(months[Int(time.month - 1)]) \(padded(time.year, to: 4))"
        return
            "\(days[time.weekday]), \(date) \(padded(time.hour)):\(padded(time.minute)):\(padded(time.second)) GMT"
    }

    private func padded(_ number: Int64, to digits: Int = 2) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
}
