// SPDX-License-Identifier: Apache-2.0

/// The error of a job handler for a job that cannot succeed later either.
///
/// The job is dropped, and the log says why.
public struct JobAbandoned: Error, Sendable, CustomStringConvertible {
    /// The reason, for the log.
    public let description: String

    /// Makes an error.
    ///
    /// - Parameter description: The reason, for the log; never a secret.
    public init(_ description: String) {
        self.description = description
    }
}
