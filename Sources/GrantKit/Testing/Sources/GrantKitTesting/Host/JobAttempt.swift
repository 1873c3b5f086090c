// SPDX-License-Identifier: Apache-2.0

public import GrantKit

/// An attempt of a test's host to do a job.
public struct JobAttempt: Sendable {
    /// How an attempt ended.
    public enum Outcome: Sendable, CustomStringConvertible {
        /// The handler has returned.
        case done
        /// The handler threw an error, and is called again later.
        case failed(any Error)
        /// The job was dropped, for this reason.
        case abandoned(String)

        /// How it ended, for messages.
        public var description: String {
            switch self {
            case .done: "done"
            case .failed(let error): "tried again later, after the error \(error)"
            case .abandoned(let reason): "abandoned: \(reason)"
            }
        }
    }

    /// The job.
    public let job: Job
    /// How the attempt ended.
    public let outcome: Outcome
}
