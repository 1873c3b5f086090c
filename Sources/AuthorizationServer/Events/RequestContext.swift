// SPDX-License-Identifier: Apache-2.0

import GrantKit
import Synchronization

/// The details of a request that are recorded with its events.
final class RequestContext: Sendable {
    @TaskLocal static var current: RequestContext?

    let id: String
    let address: String
    private let known = Mutex<(client: String?, subject: String?)>((nil, nil))

    init(_ head: RequestHead) {
        id = head.id
        address = head.address
    }

    /// The client, once it has been identified.
    var client: String? {
        get { known.withLock { $0.client } }
        set { known.withLock { $0.client = newValue } }
    }

    /// The subject of the access token with which the request was made.
    var subject: String? {
        get { known.withLock { $0.subject } }
        set { known.withLock { $0.subject = newValue } }
    }
}
