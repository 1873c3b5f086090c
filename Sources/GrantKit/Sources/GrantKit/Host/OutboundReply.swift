// SPDX-License-Identifier: Apache-2.0

/// What another server answered.
public struct OutboundReply: Sendable {
    /// The status; a redirect is an answer like any other, and not followed.
    public var status: Int
    /// Header names in lower case and their values.
    public var headers: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]

    /// For the host and for tests: an answer.
    public init(status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
