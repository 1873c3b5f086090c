// SPDX-License-Identifier: Apache-2.0

/// What is wrong with a document, at one place of it.
public struct DocumentProblem: Sendable, Hashable {
    /// The place, as a JSON Pointer (RFC 6901).
    public var pointer: String
    /// What is wrong and what to do, in a sentence.
    public var message: String

    /// Describes a problem.
    public init(_ pointer: String, _ message: String) {
        self.pointer = pointer
        self.message = message
    }
}

/// Why a directory does not take a document or a change.
public struct DocumentRefusal: Error, Sendable, CustomStringConvertible {
    /// What stands in the way.
    public enum Kind: Sendable, Hashable {
        /// The document is not valid.
        case invalid
        /// An identifier or a name of it is another's.
        case taken
        /// The configuration declares it, and is where it is changed.
        case declared
        /// The condition of the change does not hold.
        case changed
        /// There is none of this identifier.
        case unknown
    }

    /// What stands in the way.
    public var kind: Kind
    /// All that was found.
    public var problems: [DocumentProblem]

    /// Makes a refusal.
    public init(_ kind: Kind, _ problems: [DocumentProblem]) {
        self.kind = kind
        self.problems = problems
    }

    /// The sentences, one after the other.
    public var description: String { problems.map(\.message).joined(separator: "; ") }
}

/// A document as a directory shows it.
public struct DirectoryEntry: Sendable {
    /// The identifier.
    public var id: String
    /// The document, without secrets, passwords and hashes of them.
    public var document: JSON
    /// Differs from that of any other state of this document; nil for one that the configuration declares.
    public var version: String?

    /// For the host and for tests: an entry.
    public init(id: String, document: JSON, version: String?) {
        self.id = id
        self.document = document
        self.version = version
    }

    /// Whether the configuration declares it, so that it is changed there.
    public var isDeclared: Bool { version == nil }
}

/// What has to be so for a change to be made.
public enum DirectoryCondition: Sendable, Hashable {
    /// Nothing.
    case any
    /// There must be one.
    case exists
    /// There must be none.
    case absent
    /// It must be in one of these states.
    case version([String])
}

/// What became of a change.
public struct DirectoryChange: Sendable {
    /// The document as it is now.
    public var entry: DirectoryEntry
    /// Whether it was made by this change.
    public var isNew: Bool
    /// The secret that the server made, which is shown this once and never again.
    public var secret: Secret?
    /// What its author should know.
    public var warnings: [DocumentProblem]

    /// For the host and for tests: a change.
    public init(_ entry: DirectoryEntry, isNew: Bool, secret: Secret? = nil, warnings: [DocumentProblem] = []) {
        self.entry = entry
        self.isNew = isNew
        self.secret = secret
        self.warnings = warnings
    }
}

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
