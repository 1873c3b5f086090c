// SPDX-License-Identifier: Apache-2.0

import Foundation
@_spi(Host) import GrantKit
import Support
import Testing

@Suite("Timestamps follow the calendar")
struct TimestampTests {
    /// Times around the ends of months, leap days and eras, from year 1 to year 9999.
    static let moments: [Int64] = {
        let (first, last): (Int64, Int64) = (-62_135_596_800, 253_402_300_799)
        return stride(from: first + 86400, to: last, by: 2_509_201).flatMap { [$0, $0 - $0 % 86400 - 1] }
    }()

    @Test("in the form of RFC 3339, as other software writes them", .clause("RFC 3339 section 5.6"))
    func rfc3339() {
        #expect(Timestamp(seconds: 784_111_777).rfc3339 == "1994-11-06T08:49:37Z")
        #expect(Timestamp(seconds: -62_135_596_800).rfc3339 == "0001-01-01T00:00:00Z")
        // Foundation uses the Julian calendar for earlier times.
        for seconds in TimestampTests.moments where seconds > -12_219_292_800 {
            let other = Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
            #expect(Timestamp(seconds: seconds).rfc3339 == other)
        }
    }

    @Test("in the form of HTTP", .clause("RFC 9110 section 5.6.7"))
    func httpDate() {
        #expect(Timestamp(seconds: 784_111_777).httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
        for seconds in TimestampTests.moments {
            var (time, parts, buffer) = (time_t(seconds), tm(), [CChar](repeating: 0, count: 64))
            gmtime_r(&time, &parts)
            let length = strftime(&buffer, 64, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            let other = String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
            let own = Timestamp(seconds: seconds).httpDate
            // 'strftime' does not pad years to four digits.
            if seconds > -30_609_792_000 { #expect(own == other) }
        }
    }

    @Test("even at the ends of their range, without a trap", arguments: [Int64.min, .min + 1, -1, 0, .max - 1, .max])
    func extremes(_ seconds: Int64) {
        let moment = Timestamp(seconds: seconds)
        #expect(moment.rfc3339.utf8.last == UInt8(ascii: "Z") && moment.httpDate.utf8.count >= 29)
    }
}
