// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The details of a request that are recorded with its events.
final class RequestContext: Sendable {
    @TaskLocal static var current: RequestContext?

    let id: String
    let address: String
    private let known = Mutex<String?>(nil)

    init(_ head: RequestHead) {
        id = head.id
        address = head.address
    }

    /// The client, once it has been identified.
    var client: String? {
        get { known.withLock { $0 } }
        set { known.withLock { $0 = newValue } }
    }
}
