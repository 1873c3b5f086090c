// SPDX-License-Identifier: Apache-2.0

/// Runs background jobs.
///
/// Each job is run at least once. After a crash it may be run again.
public protocol JobHandler: Sendable {
    /// The name by which jobs are queued for it, unique in a server.
    var name: String { get }
    /// Runs one job, within 30 seconds.
    ///
    /// - Parameter payload: The payload of the job.
    /// - Throws: `JobAbandoned` for a job that can never succeed; any other error to be called again later.
    func run(_ payload: JSON) async throws
}
