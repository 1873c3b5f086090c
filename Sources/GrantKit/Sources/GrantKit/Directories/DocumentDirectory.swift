// SPDX-License-Identifier: Apache-2.0

/// Manages the clients or the users that the store keeps, beside those that the configuration declares.
///
/// Documents have the members of the configuration. A change holds from the next request on, on every server that has
/// this store.
public protocol DocumentDirectory: Sendable {
    /// The document of an identifier, also of one that is inactive; nil if there is none.
    ///
    /// - Throws: `StoreError`.
    func entry(_ id: String) async throws -> DirectoryEntry?

    /// A page of all documents, in the order of the bytes of their identifiers; what it costs does not depend on how
    /// many come before it.
    ///
    /// - Parameters:
    ///   - id: The last identifier of the page before, nil for the first page.
    ///   - limit: The most documents to return.
    /// - Returns: At most `limit` documents.
    /// - Throws: `StoreError`.
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry]

    /// The documents whose member has a value, compared as the server compares it; at most 100.
    ///
    /// - Throws: `StoreError`; `DocumentRefusal` for a member that is not indexed.
    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry]

    /// Makes one; without an `id` it gets a random one.
    ///
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func create(_ document: JSON) async throws -> DirectoryChange

    /// Replaces a document, or makes it where the condition lets it.
    ///
    /// A secret or a password that is left out stays; `null` removes it. Being made inactive, and another password, end
    /// what was granted.
    ///
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func replace(_ id: String, with document: JSON, if condition: DirectoryCondition) async throws -> DirectoryChange

    /// Removes a document, which ends what was granted.
    ///
    /// - Returns: What was removed.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry
}
