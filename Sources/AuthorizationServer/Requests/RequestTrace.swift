// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// What the log and the metrics learn of a request while it is served.
struct RequestTrace {
    var endpoint = "unknown"
    var grant = ""
    var client: RegisteredClient? {
        didSet { context?.client = client?.client.id }
    }
    /// What the request holds, where that takes more than reading its query or body.
    var parameters: Parameters?
    /// What a request that is refused says of itself.
    var named = NamedInRequest()
    /// Set if events are wanted.
    var context: RequestContext?
}
