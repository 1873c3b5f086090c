// SPDX-License-Identifier: Apache-2.0

/// Defers what need not be done before a response, and must not be forgotten either.
public protocol JobService: Sendable {
    /// The row of a job, to be committed with what it follows from; the job is done once that is committed.
    ///
    /// - Parameter job: The job.
    /// - Returns: The write.
    /// - Throws: `StoreError` if the row cannot be made.
    func enqueue(_ job: Job) async throws -> StoreWrite
}
