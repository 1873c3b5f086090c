// SPDX-License-Identifier: Apache-2.0

/// Has something to commit together with a revocation, such as jobs that tell others of it.
public protocol RevocationParticipant: Sendable {
    /// What is committed together with the end of something; it may be called again for the same.
    ///
    /// - Throws: Any error; nothing is revoked then.
    func writes(revoking what: Revocation) async throws -> [StoreWrite]
}

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

/// Does what was put off.
///
/// A job is done at least once: after a crash it may be done again.
public protocol JobHandler: Sendable {
    /// The name by which jobs are put off for it, unique in a server.
    var name: String { get }
    /// Does one job, within half a minute.
    ///
    /// - Throws: Any error, to be called again later.
    func run(_ payload: JSON) async throws
}
