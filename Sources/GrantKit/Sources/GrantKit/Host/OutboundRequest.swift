// SPDX-License-Identifier: Apache-2.0

/// A request to another server.
public struct OutboundRequest: Sendable {
    /// The method, in upper case.
    public var method: String
    /// The address.
    public var url: String
    /// Headers beside those that the transport sets.
    public var headers: [(name: String, value: String)] = []
    /// The body.
    public var body: [UInt8]
    /// How long the request may take in total; nil, and anything longer, for the limit of the server.
    public var limit: Duration?

    /// Makes a request.
    public init(_ method: String, _ url: String, body: [UInt8] = []) {
        self.method = method
        self.url = url
        self.body = body
    }
}
