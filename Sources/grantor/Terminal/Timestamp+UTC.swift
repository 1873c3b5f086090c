// SPDX-License-Identifier: Apache-2.0

import Foundation
import GrantKit

extension Timestamp {
    /// The moment as people read it.
    var utc: String {
        Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    }
}
