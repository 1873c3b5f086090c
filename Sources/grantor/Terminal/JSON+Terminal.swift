// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

extension JSON {
    /// The value as JSON with every character escaped that a terminal obeys or that changes the direction of other text.
    var terminalText: String {
        text.unicodeScalars.reduce(into: "") { escaped, scalar in
            if ShownText.isAllowed(String(scalar)) {
                escaped.unicodeScalars.append(scalar)
            } else {
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            }
        }
    }
}
