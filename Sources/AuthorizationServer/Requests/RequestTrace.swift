// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The details of a request for the log and the metrics.
struct RequestTrace {
    var endpoint = "unknown"
    var grant = ""
    var client: RegisteredClient? {
        didSet { context?.client = client?.client.id }
    }
    /// The parameters, if they are not simply those of the query or the body.
    var parameters: Parameters?
    /// The URL on this server at which a user can start over if the request fails.
    var again: String?
    /// The claims of a refused request about itself.
    var named = NamedInRequest()
    /// The context for events; nil if no loaded plugin needs any.
    var context: RequestContext?
}
