// SPDX-License-Identifier: Apache-2.0

/// Looks clients up and manages them.
public protocol ClientDirectory: Sendable {
    /// The active client of an identifier, or nil.
    ///
    /// - Throws: `StoreError`; `OAuthError` `unauthorized_client` for one in the store that is not valid with what is
    ///   loaded now.
    func find(_ id: String) async throws -> Client?

    /// The clients' documents.
    var documents: any DocumentDirectory { get }
}

extension ClientDirectory {
    /// The active client of an identifier, or nil where there is none that is valid with what is loaded now.
    ///
    /// - Throws: `StoreError`.
    public func usable(_ id: String) async throws -> Client? {
        do {
            return try await find(id)
        } catch is OAuthError {
            return nil
        }
    }
}
