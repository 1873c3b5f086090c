// SPDX-License-Identifier: Apache-2.0

/// Puts off what need not be done before an answer, and must not be forgotten either.
public protocol JobService: Sendable {
    /// The row of a job, to be committed with what it follows from; the job is done once that is committed.
    ///
    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - payload: What the handler gets.
    ///   - limit: For how long it is tried.
    /// - Returns: The write.
    func enqueue(_ handler: String, _ payload: JSON, limit: Duration) -> StoreWrite
}
