// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A response for the transport.
public struct ServerResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The headers, with names in lower case.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Creates a response.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON response that must not be cached (RFC 6749 section 5.1).
    static func json(_ json: JSON, status: Int = 200) -> ServerResponse {
        ServerResponse(
            status: status,
            headers: [
                ("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache"),
            ],
            body: json.bytes)
    }

    /// A plain text response.
    static func text(_ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8") -> ServerResponse {
        ServerResponse(
            status: status, headers: [("content-type", type), ("cache-control", "no-store")], body: Array(text.utf8))
    }

    /// A plain text response to a request that comes too early, or while something is away.
    static func later(_ text: String) -> ServerResponse {
        var response = ServerResponse.text(text, status: 503)
        response.headers.append(("retry-after", "1"))
        return response
    }

    /// A redirect that turns every method into GET, so that no form is sent on (RFC 9700 section 4.12).
    static func redirect(_ location: String) -> ServerResponse {
        ServerResponse(
            status: 303,
            headers: [
                ("location", location), ("cache-control", "no-store"), ("pragma", "no-cache"),
                ("referrer-policy", "no-referrer"),
            ])
    }
}
