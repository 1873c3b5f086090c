// SPDX-License-Identifier: Apache-2.0

/// Queues jobs for work that must be done, but not before the response.
public protocol JobService: Sendable {
    /// The write that queues a job.
    ///
    /// Commit it together with the change that the job follows from; the job runs after that commit.
    ///
    /// - Parameter job: The job.
    /// - Returns: The write.
    /// - Throws: `StoreError` if the record cannot be made.
    func enqueue(_ job: Job) async throws -> StoreWrite
}
