// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The response of an endpoint.
///
/// Takes the place of `EndpointResponse` with one more member, `freshFor`, and for any caller the case `file`.
struct Reply: Sendable {
    enum Content: Sendable {
        case none
        case json(JSON)
        /// A body of any media type.
        case file([UInt8], mediaType: String)
        case page(Page)
    }

    var status: Int
    var content: Content
    var headers: [String: String] = [:]
    var writes: [StoreWrite]
    /// For how long it may be cached; not at all unless this is set.
    var freshFor: Duration?

    init(_ content: Content, status: Int = 200, writes: [StoreWrite] = []) {
        self.status = status
        self.content = content
        self.writes = writes
    }

    static func json(_ body: JSON, status: Int = 200, writes: [StoreWrite] = []) -> Reply {
        Reply(.json(body), status: status, writes: writes)
    }

    var body: JSON? {
        if case .json(let body) = content { body } else { nil }
    }
}
