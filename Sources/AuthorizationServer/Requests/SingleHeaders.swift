// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// Headers that a request may have only once (RFC 9110 section 5.3).
///
/// A proxy may read the first of two, and this server the last. `Authorization` is not listed, because each method of
/// authentication refuses a repeated one with its own error.
enum SingleHeaders {
    private static let names = ["content-type", "content-length", "origin", "access-control-request-method", "host"]

    /// Refuses a request that repeats one of these headers.
    ///
    /// - Throws: `OAuthError` `invalid_request`.
    static func check(_ head: RequestHead) throws {
        let headers = head.headers
        var seen = 0
        for place in headers.indices {
            guard let number = number(of: headers[place].name) else { continue }
            guard seen & 1 << number == 0 else {
                throw OAuthError(.invalidRequest, "the header '\(headers[place].name)' is sent more than once")
            }
            seen |= 1 << number
        }
    }

    private static func number(of name: String) -> Int? {
        names.firstIndex { $0 == name }
    }
}
