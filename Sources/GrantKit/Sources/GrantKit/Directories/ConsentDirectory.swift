// SPDX-License-Identifier: Apache-2.0

/// Looks up what people have allowed clients, and takes it back.
public protocol ConsentDirectory: Sendable {
    /// What a user has allowed, by client, including what the user is asked about each time.
    ///
    /// - Throws: `StoreError`.
    func list(user id: String) async throws -> [StoredConsent]

    /// Takes back what a user has allowed a client, and all that came of it, with one write; nothing if there is none.
    ///
    /// - Throws: `StoreError`.
    func end(user id: String, client: String, reason: String) async throws
}
