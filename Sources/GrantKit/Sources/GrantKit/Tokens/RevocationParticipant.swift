// SPDX-License-Identifier: Apache-2.0

/// Has something to commit together with a revocation, such as jobs that tell others of it.
public protocol RevocationParticipant: Sendable {
    /// What is committed together with the end of something; it may be called again for the same.
    ///
    /// - Throws: `StoreError` if the store fails; nothing is revoked then. After any other error, the revocation is
    ///   committed without what this plugin adds, and the log says so.
    func writes(revoking what: Revocation) async throws -> [StoreWrite]
}
