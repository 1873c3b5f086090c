// SPDX-License-Identifier: Apache-2.0

/// The response of another server.
public struct OutboundReply: Sendable {
    /// The HTTP status.
    ///
    /// A redirect is not followed, but returned like any other response.
    public var status: Int
    /// Header names in lower case and their values.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// For the host and for tests: makes a response.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
