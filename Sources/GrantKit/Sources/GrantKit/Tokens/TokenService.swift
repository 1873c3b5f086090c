// SPDX-License-Identifier: Apache-2.0

/// Looks up and revokes tokens of all loaded formats.
public protocol TokenService: Sendable {
    /// The token with a value; nil if it is unknown, expired or revoked.
    ///
    /// During a request to the revocation endpoint, a refresh token that has been rotated is returned too (RFC 7009
    /// section 2.1).
    ///
    /// - Parameter value: The value that was presented.
    /// - Returns: The token.
    /// - Throws: `StoreError`.
    func resolve(_ value: String) async throws -> ResolvedToken?

    /// Revokes a token, a grant or a session in one write.
    ///
    /// Does nothing if it has already been revoked. The writes of participants and outboxes are part of that write.
    /// From then on, `resolve` returns nil for what was revoked, and nothing more can be committed under it.
    ///
    /// - Parameters:
    ///   - what: The token, grant or session.
    ///   - reason: Why, for the log and for events.
    /// - Throws: `StoreError`.
    func revoke(_ what: Revocation, reason: String) async throws

    /// The condition that something has not been revoked.
    ///
    /// Commit it together with anything that depends on it. The core itself adds the conditions for the grant and the
    /// session.
    ///
    /// - Parameter what: The token, grant or session.
    /// - Returns: The condition, as a write.
    /// - Throws: `StoreError` if the condition cannot be made.
    func unrevoked(_ what: Revocation) async throws -> StoreWrite
}
