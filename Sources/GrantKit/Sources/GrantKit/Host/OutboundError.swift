// SPDX-License-Identifier: Apache-2.0

/// Why another server was not asked, or did not answer; for the log, never for a client.
public struct OutboundError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let description: String

    /// Makes an error.
    public init(_ description: String) {
        self.description = description
    }
}
