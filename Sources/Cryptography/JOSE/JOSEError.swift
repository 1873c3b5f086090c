// SPDX-License-Identifier: Apache-2.0

/// Why a key, a set of keys or a signature of others is refused: for the log, not for the client.
public struct JOSEError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// What is wrong.
    public var description: String { reason }
}
