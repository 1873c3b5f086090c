// SPDX-License-Identifier: Apache-2.0

/// The reason why a request to another server was not sent or got no response; for the log, never for a client.
public struct OutboundError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Makes an error.
    public init(_ description: String) {
        self.description = description
    }
}
