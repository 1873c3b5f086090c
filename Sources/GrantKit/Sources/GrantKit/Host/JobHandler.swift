// SPDX-License-Identifier: Apache-2.0

/// Runs background jobs.
///
/// A job is done at least once: after a crash it may be done again.
public protocol JobHandler: Sendable {
    /// The name by which jobs are queued for it, unique in a server.
    var name: String { get }
    /// Does one job, within half a minute.
    ///
    /// - Throws: `JobAbandoned` for a job that cannot be done at all; any other error, to be called again later.
    func run(_ payload: JSON) async throws
}
