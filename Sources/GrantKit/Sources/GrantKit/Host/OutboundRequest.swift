// SPDX-License-Identifier: Apache-2.0

/// A request to another server.
public struct OutboundRequest: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The URL.
    public var url: String
    /// Headers in addition to those that the host sets.
    public var headers: [(name: String, value: String)] = []
    /// The body.
    public var body: [UInt8]
    /// The longest time for the request and its response; nil for the server's own limit, which always applies.
    public var limit: Duration?

    /// Makes a request.
    public init(_ method: String, _ url: String, body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.body = body
    }
}
