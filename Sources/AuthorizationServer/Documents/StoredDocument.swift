// SPDX-License-Identifier: Apache-2.0

@_spi(Host) package import GrantKit

/// A client or a user in the store: where the two kinds differ for `StoredDocuments`.
package protocol StoredDocument: Sendable {
    /// The word for the kind in messages; also the value of the index `kind` in its records.
    static var noun: String { get }
    /// The `resourceType` of its document.
    static var resourceType: String { get }
    static var collection: StoreCollection { get }
    /// The other kind, with which identifiers must not be shared: a token's `sub` names one subject (RFC 9700 section
    /// 4.15).
    static var other: any StoredDocument.Type { get }

    /// The record as it was last read or written.
    var record: StoreRecord { get set }
    /// The document without its secret or password.
    var document: JSON { get set }
    /// A number that ends all grants when it changes.
    var epoch: Int64 { get set }
    var isActive: Bool { get set }
    /// The record to write.
    var updated: StoreRecord { get }

    /// Reads a record.
    ///
    /// - Throws: `StoreError` if this server does not know the encoding of the record.
    init(_ record: StoreRecord) throws

    // MARK: declared documents

    /// The document with an identifier in the configuration, or nil.
    static func declared(_ id: String, in generation: Generation) -> JSON?

    /// All documents in the configuration.
    static func declared(in generation: Generation) -> [DirectoryEntry]

    // MARK: rules

    /// Validates a document by the rules of its kind.
    ///
    /// - Parameters:
    ///   - document: The document, with its identifier and without `null`.
    ///   - sent: The document as it was sent. `null` removes a secret or password; leaving it out keeps it.
    ///   - former: The document that the store has under this identifier.
    ///   - directory: The directory that the document is for.
    /// - Returns: The draft to write, without its epoch.
    /// - Throws: `DocumentRefusal` if the document is not valid.
    static func draft(
        _ document: JSON, sent: JSON, over former: Self?, in directory: StoredDocuments<Self>
    ) async throws -> DocumentDraft<Self>

    // MARK: events

    /// The word for its secret or password in events.
    static var credential: String { get }

    /// Describes a change of a document of this kind.
    static func event(about id: String, _ details: JSON) -> Event

    /// Whether the secrets or the password differ from those of a former state.
    func hasOtherCredential(than former: Self) -> Bool

    // MARK: grants

    /// Whether the change from a former state to this one ends all grants.
    func endsGrants(since former: Self) -> Bool

    /// The documents in which a member has a value, at most 100 from each index.
    ///
    /// - Throws: `DocumentRefusal` for a member that is not indexed; `StoreError`.
    static func search(
        _ member: String, equals value: String, in directory: StoredDocuments<Self>
    ) async throws -> [DirectoryEntry]

    // MARK: related records

    /// Checks that no document in the configuration has one of this document's names.
    ///
    /// - Throws: `DocumentRefusal`.
    func checkNames(in directory: StoredDocuments<Self>) throws

    /// The writes that keep related records in step with this state.
    ///
    /// - Parameters:
    ///   - former: The state that this one replaces; nil for a new document.
    ///   - directory: The directory.
    /// - Returns: The writes, at most one for each related record.
    /// - Throws: `StoreError`.
    func rowWrites(over former: Self?, in directory: StoredDocuments<Self>) async throws -> [StoreWrite]

    /// The related records to remove with the document.
    ///
    /// - Throws: `StoreError`.
    func rowKeys(in directory: StoredDocuments<Self>) async throws -> [StoreKey]

    /// The reason why the write of a related record is impossible; nil if another attempt may succeed.
    ///
    /// - Parameters:
    ///   - key: The key of the related record.
    ///   - found: What the store holds under this key.
    ///   - directory: The directory.
    /// - Returns: The refusal.
    func refusal(at key: StoreKey, found: StoreRecord?, in directory: StoredDocuments<Self>) -> DocumentRefusal?
}

extension StoredDocument {
    /// The number of attempts at a change, in case other changes win.
    static var retries: Int { 4 }

    static func key(_ id: String) -> StoreKey { StoreKey(collection.name, id) }

    package var id: String { record.key.id }

    /// Differs between all states of this id, even after the document has been removed and created again.
    var version: String { "\(record.version).\(epoch)" }

    var entry: DirectoryEntry { DirectoryEntry(id: id, document: document, version: version) }

    /// Ends all grants.
    mutating func beginEpoch() {
        epoch = (epoch &+ 1) & UserEpoch.largest
    }

    /// The effects of a change from a former state, in the words of events; empty for most changes.
    func effects(since former: Self) -> [String] {
        let activity = former.isActive == isActive ? [] : [isActive ? "activated" : "deactivated"]
        return activity + (hasOtherCredential(than: former) ? [Self.credential] : [])
    }

    package func endsGrants(since former: Self) -> Bool { former.isActive && !isActive }

    package func checkNames(in directory: StoredDocuments<Self>) throws {}

    package func refusal(
        at key: StoreKey, found: StoreRecord?, in directory: StoredDocuments<Self>
    ) -> DocumentRefusal? { nil }
}
