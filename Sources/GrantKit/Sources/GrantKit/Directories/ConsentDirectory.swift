// SPDX-License-Identifier: Apache-2.0

/// Looks up and ends the consents of users.
public protocol ConsentDirectory: Sendable {
    /// Lists the consents of a user, including those for which the user is asked each time.
    ///
    /// - Parameter id: The user's identifier.
    /// - Returns: The consents, in the order of the clients' identifiers.
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [StoredConsent]

    /// Ends a user's consent to a client and every grant under it, in one write.
    ///
    /// Does nothing if there is none.
    ///
    /// - Parameters:
    ///   - id: The user's identifier.
    ///   - client: The client's identifier.
    ///   - reason: Why, for the log and for events.
    /// - Throws: `StoreError`.
    func end(user id: String, client: String, reason: String) async throws
}
