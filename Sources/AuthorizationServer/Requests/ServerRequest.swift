// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// A request as the transport hands it over.
public struct ServerRequest: Sendable {
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
