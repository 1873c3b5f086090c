// SPDX-License-Identifier: Apache-2.0

import GrantKit
import OutsideText

/// Turns errors into responses (RFC 6749 section 5.2).
enum Refusal {
    static func response(_ error: OAuthError) -> ServerResponse {
        var body: JSON = ["error": .string(error.code.rawValue)]
        if !error.description.isEmpty { body["error_description"] = .string(error.description) }
        var response = ServerResponse.json(body, status: status(of: error))
        for (name, value) in error.headers.sorted(by: { $0.key < $1.key }) {
            response.headers.append((name.raw.lowercased(), value))
        }
        if error.code == .temporarilyUnavailable, !response.headers.contains(where: { $0.name == "retry-after" }) {
            response.headers.append(("retry-after", "1"))
        }
        return response
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
