// SPDX-License-Identifier: Apache-2.0

/// Something to do in the background, after the change that it follows from.
public struct Job: Sendable {
    /// The name of the handler.
    public var handler: String
    /// What the handler gets.
    ///
    /// Jobs whose payloads have the same string `destination`, or else `client`, wait for each other if that
    /// destination fails, and delay no others.
    public var payload: JSON
    /// For how long it is tried, from the time at which it is due.
    public var limit: Duration
    /// When it is done at the earliest; nil for at once.
    ///
    /// It may be a few seconds later, and is later still if servers do not keep up or their clocks differ.
    public var notBefore: Timestamp?

    /// Makes a job.
    ///
    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - payload: What the handler gets.
    ///   - limit: For how long it is tried.
    public init(_ handler: String, _ payload: JSON, limit: Duration) {
        self.handler = handler
        self.payload = payload
        self.limit = limit
    }
}
