// SPDX-License-Identifier: Apache-2.0

import Glibc
import GrantKit
import Synchronization

/// The `Date` header (RFC 9110 section 5.6.7), written once a second.
enum DateHeader {
    private static let last = Mutex<(moment: Timestamp, text: String)>((Timestamp(seconds: -1), ""))

    static func text(_ now: Timestamp) -> String {
        last.withLock { last in
            if last.moment != now { last = (now, write(now)) }
            return last.text
        }
    }

    private static func write(_ moment: Timestamp) -> String {
        // The system fills the structure that it is given.
        var seconds = time_t(moment.seconds)
        var parts = unsafe tm()
        unsafe gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let date = unsafe "\(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900)"
        return
            unsafe "\(days[Int(parts.tm_wday)]), \(date) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}
