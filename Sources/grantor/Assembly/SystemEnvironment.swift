// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import Foundation
import GrantKit

/// The machine's clock and random source.
struct SystemEnvironment: ServerEnvironment {
    private let random = RandomReserve()

    var now: Timestamp { Timestamp(seconds: Int64(Date.now.timeIntervalSince1970.rounded(.down))) }

    func random(bytes count: Int) -> String {
        Base64URL.encode(random.take(count))
    }
}
