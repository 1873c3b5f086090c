// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Turns errors into responses (RFC 6749 section 5.2).
enum Refusal {
    static func response(_ error: OAuthError) -> ServerResponse {
        var body: JSON = ["error": .string(error.code.rawValue)]
        if !error.description.isEmpty { body["error_description"] = .string(error.description) }
        var response = ServerResponse.json(body, status: status(of: error))
        response.headers += headers(of: error)
        return response
    }

    /// The headers that an error adds; if it is a matter of time, they say when to try again (RFC 9110 section 10.2.3).
    private static func headers(of error: OAuthError) -> [(name: String, value: String)] {
        let own = error.headers.sorted { $0.key < $1.key }.map { (name: $0.key.raw.lowercased(), value: $0.value) }
        guard error.code == .temporarilyUnavailable, !own.contains(where: { $0.name == "retry-after" }) else {
            return own
        }
        return own + [("retry-after", "1")]
    }

    /// When to try again, as a header of a page; no header if that would not help.
    static func retrying(_ error: OAuthError) -> [(name: String, value: String)] {
        headers(of: error).filter { $0.name == "retry-after" }
    }

    static func status(of error: OAuthError) -> Int {
        if let status = error.status, 400...599 ~= status { return status }
        return switch error.code {
        case .invalidClient, .invalidToken: 401
        case .insufficientScope: 403
        case .serverError: 500
        case .temporarilyUnavailable: 503
        default: 400
        }
    }
}
