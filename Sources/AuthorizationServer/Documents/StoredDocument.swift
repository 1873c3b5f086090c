// SPDX-License-Identifier: Apache-2.0

package import GrantKit

/// A client or a user as the store keeps it: what differs between the two in `StoredDocuments`.
package protocol StoredDocument: Sendable {
    /// What messages call one of them; its records have it in the index 'kind'.
    static var noun: String { get }
    /// The `resourceType` of its document.
    static var resourceType: String { get }
    static var collection: StoreCollection { get }
    /// The other kind, which may not have the same identifiers: a token's `sub` names one thing (RFC 9700 section 4.15).
    static var other: any StoredDocument.Type { get }

    /// The record as it was read, or as it was last written.
    var record: StoreRecord { get set }
    /// The document, without secrets and passwords.
    var document: JSON { get set }
    /// What ends all that was granted when it changes.
    var epoch: Int64 { get set }
    var isActive: Bool { get set }
    /// The record that is to be written.
    var updated: StoreRecord { get }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if it was written by an encoding that this server does not know.
    init(_ record: StoreRecord) throws

    // MARK: what the configuration declares

    /// The document that the configuration declares with an identifier, nil if there is none.
    static func declared(_ id: String, in generation: Generation) -> JSON?

    /// All documents that the configuration declares.
    static func declared(in generation: Generation) -> [DirectoryEntry]

    // MARK: rules

    /// Reads a document by the rules of its kind.
    ///
    /// - Parameters:
    ///   - document: The document, with its identifier and without `null`.
    ///   - sent: The document as it was sent: `null` removes a secret or a password, leaving it out keeps it.
    ///   - former: What the store has of this identifier.
    ///   - directory: The directory that it is for.
    /// - Returns: What is to be written, without its epoch.
    /// - Throws: `DocumentRefusal` if it is not valid.
    static func draft(
        _ document: JSON, sent: JSON, over former: Self?, in directory: StoredDocuments<Self>
    ) async throws -> DocumentDraft<Self>

    /// Whether going from a state to this one ends all that was granted.
    func endsGrants(since former: Self) -> Bool

    /// The documents whose member has a value; at most 100 for each index.
    ///
    /// - Throws: `DocumentRefusal` for a member that is not indexed; `StoreError`.
    static func search(
        _ member: String, equals value: String, in directory: StoredDocuments<Self>
    ) async throws -> [DirectoryEntry]

    // MARK: rows beside the record

    /// Checks that no declared document has one of its names.
    ///
    /// - Throws: `DocumentRefusal`.
    func checkNames(in directory: StoredDocuments<Self>) throws

    /// What is written with the record, so that the rows beside it are those of this state.
    ///
    /// - Parameters:
    ///   - former: The state that is replaced, nil for a new document.
    ///   - directory: The directory.
    /// - Returns: The writes, of which one at most is about each row.
    /// - Throws: `StoreError`.
    func rowWrites(over former: Self?, in directory: StoredDocuments<Self>) async throws -> [StoreWrite]

    /// The rows that are removed with the document.
    ///
    /// - Throws: `StoreError`.
    func rowKeys(in directory: StoredDocuments<Self>) async throws -> [StoreKey]

    /// Why a write that is not about the record itself cannot be made, nil if trying again may help.
    ///
    /// - Parameters:
    ///   - key: What the write is about.
    ///   - found: What the store has there.
    ///   - directory: The directory.
    /// - Returns: The refusal.
    func refusal(at key: StoreKey, found: StoreRecord?, in directory: StoredDocuments<Self>) -> DocumentRefusal?
}

extension StoredDocument {
    /// How often a change is tried again when another one was faster.
    static var retries: Int { 4 }

    static func key(_ id: String) -> StoreKey { StoreKey(collection.name, id) }

    package var id: String { record.key.id }

    /// Differs from that of any other state of this document, one of the same id that was made anew included.
    var version: String { "\(record.version).\(epoch)" }

    var entry: DirectoryEntry { DirectoryEntry(id: id, document: document, version: version) }

    /// Ends all that was granted.
    mutating func beginEpoch() {
        epoch = (epoch &+ 1) & UserEpoch.largest
    }

    package func endsGrants(since former: Self) -> Bool { former.isActive && !isActive }

    package func checkNames(in directory: StoredDocuments<Self>) throws {}

    package func refusal(
        at key: StoreKey, found: StoreRecord?, in directory: StoredDocuments<Self>
    ) -> DocumentRefusal? { nil }
}
