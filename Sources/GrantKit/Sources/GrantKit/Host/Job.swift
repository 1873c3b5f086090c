// SPDX-License-Identifier: Apache-2.0

/// A job: work that is done in the background after a commit.
public struct Job: Sendable {
    /// The name of the handler.
    public var handler: String
    /// The value that the handler gets.
    ///
    /// The member `destination`, or else `client`, may name where the job goes. If a destination fails, only jobs with
    /// the same handler and destination wait.
    public var payload: JSON
    /// The time for which it is tried, counted from when it is due.
    public var limit: Duration
    /// The time at which it is done at the earliest; nil for at once.
    ///
    /// It may be done a few seconds later, or later still if the servers are busy or their clocks differ.
    public var notBefore: Timestamp?

    /// Makes a job.
    ///
    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - payload: The value that the handler gets.
    ///   - limit: The time for which it is tried, counted from when it is due.
    public init(_ handler: String, _ payload: JSON, limit: Duration) {
        self.handler = handler
        self.payload = payload
        self.limit = limit
    }
}
