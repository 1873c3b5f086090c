// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

extension Timestamp {
    /// The time in UTC, in ISO 8601.
    var utc: String {
        Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    }
}
