// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// The value of the `Date` header field (RFC 9110 section 5.6.7), formatted once a second.
enum DateHeader {
    private static let last = Mutex<(moment: Timestamp, text: String)>((Timestamp(seconds: -1), ""))

    static func text(_ now: Timestamp) -> String {
        last.withLock { last in
            if last.moment != now { last = (now, now.httpDate) }
            return last.text
        }
    }
}
