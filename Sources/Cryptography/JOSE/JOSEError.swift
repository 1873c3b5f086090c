// SPDX-License-Identifier: Apache-2.0

/// The reason why a key, a key set or a signature of someone else is refused; for the log, not for the client.
public struct JOSEError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}
