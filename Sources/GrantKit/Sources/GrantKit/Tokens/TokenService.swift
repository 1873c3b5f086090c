// SPDX-License-Identifier: Apache-2.0

/// Answers for tokens of every format that is loaded.
public protocol TokenService: Sendable {
    /// The token behind a value; nil if it is unknown, expired or revoked.
    ///
    /// - Throws: `StoreError` if that can't be known.
    func resolve(_ value: String) async throws -> ResolvedToken?

    /// Ends a token, a grant or a session with one write; seen by the next `resolve` and by every commit that races with
    /// it. What participants have to commit is part of that write.
    ///
    /// - Throws: `StoreError`.
    func revoke(_ what: Revocation, reason: String) async throws

    /// The condition that something was not revoked, to be committed with what rests on it.
    ///
    /// The core adds the conditions of the grant and the session itself.
    ///
    /// - Throws: `StoreError` if the condition cannot be made.
    func unrevoked(_ what: Revocation) async throws -> StoreWrite
}
