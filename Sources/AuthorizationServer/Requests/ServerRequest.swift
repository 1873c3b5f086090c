// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A request from the transport.
public struct ServerRequest: Sendable {
    /// The request without its body.
    public var head: RequestHead
    /// The body, which is within the limit.
    public var body: [UInt8]

    /// Creates a request.
    public init(head: RequestHead, body: [UInt8] = []) {
        self.head = head
        self.body = body
    }
}
