// SPDX-License-Identifier: Apache-2.0

/// Looks up clients and manages them.
public protocol ClientDirectory: Sendable {
    /// Finds an active client.
    ///
    /// - Parameter id: The client identifier.
    /// - Returns: The client; nil if there is none.
    /// - Throws: `StoreError`; `OAuthError` `unauthorized_client` if the store's document of the client is not valid
    ///   with the loaded plugins.
    func find(_ id: String) async throws -> Client?

    /// The clients' documents.
    var documents: any DocumentDirectory { get }
}

extension ClientDirectory {
    /// Finds an active client whose document is valid with the loaded plugins.
    ///
    /// - Parameter id: The client identifier.
    /// - Returns: The client; nil if there is none.
    /// - Throws: `StoreError`.
    public func usable(_ id: String) async throws -> Client? {
        do {
            return try await find(id)
        } catch is OAuthError {
            return nil
        }
    }
}
