// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A request as the transport hands it over.
public struct InboundRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The body, within the limit.
    public var body: [UInt8]

    /// Makes a request.
    public init(head: RequestHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }
}

/// A response as the transport sends it.
public struct OutboundResponse: Sendable {
    /// The HTTP status.
    public var status: Int
    /// The headers, names in lower case.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// Makes a response.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// A JSON response that nobody may keep (RFC 6749 section 5.1).
    static func json(_ json: JSON, status: Int = 200) -> OutboundResponse {
        OutboundResponse(
            status: status,
            headers: [
                ("content-type", "application/json"), ("cache-control", "no-store"), ("pragma", "no-cache"),
            ],
            body: json.bytes)
    }

    /// A plain text response.
    static func text(_ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8") -> OutboundResponse
    {
        OutboundResponse(
            status: status, headers: [("content-type", type), ("cache-control", "no-store")], body: Array(text.utf8))
    }
}

/// What bounds everything that comes in.
public enum Limit {
    /// The longest body, in bytes.
    public static let body = 64 * 1024
    /// The most parameters of a request.
    public static let parameters = 100
    /// The longest client secret, in bytes.
    public static let secret = 512
    /// The longest sealed text in an address, in bytes: it fits into a request line together with the rest of a request.
    static let sealed = 12_000
}
