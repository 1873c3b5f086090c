// SPDX-License-Identifier: Apache-2.0

/// Thrown by a job handler for a job that no later attempt can do: the job is dropped, and the log says why.
public struct JobAbandoned: Error, Sendable, CustomStringConvertible {
    /// Why, for the log.
    public let description: String

    /// Makes an error.
    ///
    /// - Parameter description: Why no attempt can do the job; never a secret.
    public init(_ description: String) {
        self.description = description
    }
}
