// SPDX-License-Identifier: Apache-2.0

/// Adds writes to the commit of a revocation, such as jobs that notify others.
public protocol RevocationParticipant: Sendable {
    /// The writes to commit together with a revocation.
    ///
    /// The core may call it more than once for the same revocation.
    ///
    /// - Parameter what: The object of the revocation.
    /// - Returns: The writes.
    /// - Throws: `StoreError` if the store fails; nothing is revoked then. After any other error, the revocation is
    ///   committed without the writes of this plugin, and the log says so.
    func writes(revoking what: Revocation) async throws -> [StoreWrite]
}
