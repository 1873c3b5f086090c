// SPDX-License-Identifier: Apache-2.0

/// Manages the clients or users in the store, and returns those that the configuration declares as well.
///
/// Documents have the same members as in the configuration. A change applies from the next request, on every server
/// that shares the store.
public protocol DocumentDirectory: Sendable {
    /// Finds a document, active or not.
    ///
    /// - Parameter id: The identifier.
    /// - Returns: The document; nil if there is none.
    /// - Throws: `StoreError`.
    func entry(_ id: String) async throws -> DirectoryEntry?

    /// A page of all documents, in the order of the bytes of their identifiers.
    ///
    /// Its cost does not depend on how many documents come before it.
    ///
    /// - Parameters:
    ///   - id: The last identifier of the previous page; nil for the first page.
    ///   - limit: The most documents to return.
    /// - Returns: At most `limit` documents.
    /// - Throws: `StoreError`.
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry]

    /// The documents whose member has a value, compared as the server compares it elsewhere; at most 100.
    ///
    /// - Parameters:
    ///   - member: The name of the member.
    ///   - value: The value.
    /// - Returns: The documents.
    /// - Throws: `StoreError`; `DocumentRefusal` for a member that is not indexed.
    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry]

    /// Creates a document.
    ///
    /// If it has no `id`, it gets a random one.
    ///
    /// - Parameter document: The document.
    /// - Returns: The result.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func create(_ document: JSON) async throws -> DirectoryChange

    /// Replaces a document, or creates it if it does not exist and the condition allows that.
    ///
    /// A secret or password that is left out stays the same; `null` removes it. Deactivating a client or user, or
    /// changing a user's password, ends what was granted.
    ///
    /// - Parameters:
    ///   - id: The identifier.
    ///   - document: The new document.
    ///   - condition: The condition under which it is replaced.
    /// - Returns: The result.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func replace(_ id: String, with document: JSON, if condition: DirectoryCondition) async throws -> DirectoryChange

    /// Removes a document, which ends what was granted.
    ///
    /// - Parameters:
    ///   - id: The identifier.
    ///   - condition: The condition under which it is removed.
    /// - Returns: The document that was removed.
    /// - Throws: `DocumentRefusal`, `StoreError`.
    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry
}
