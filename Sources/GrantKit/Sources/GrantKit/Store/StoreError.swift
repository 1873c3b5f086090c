// SPDX-License-Identifier: Apache-2.0

/// A failure of the store or of the server's keys; for the operator, never for the client.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    /// What is wrong and what to do.
    public let message: String
    /// For the host: the id of the plugin whose call failed, for the log.
    @_spi(Host)
    public var plugin: String?

    /// Makes an error.
    ///
    /// - Parameter message: What is wrong and what to do.
    public init(_ message: String) {
        self.message = message
    }

    /// What is wrong and what to do.
    public var description: String { message }
}
