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
