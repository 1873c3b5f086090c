// SPDX-License-Identifier: Apache-2.0

@_spi(Host) public import GrantKit
import Synchronization

/// The documents of clients or users of a test's host: any object with an `id`.
///
/// A server checks documents before it stores them. This directory does not, apart from ids and versions.
public final class TestDocuments: DocumentDirectory {
    private let all = Mutex<[DirectoryEntry]>([])
    private let changed: @Sendable (DirectoryEntry?, String) -> Void

    /// Makes an empty directory.
    ///
    /// - Parameter changed: Called after each change, with the entry, or nil after its removal, and its id.
    init(changed: @escaping @Sendable (DirectoryEntry?, String) -> Void = { _, _ in }) {
        self.changed = changed
    }

    /// The document with an id; nil if there is none.
    public func entry(_ id: String) async throws -> DirectoryEntry? {
        all.withLock { $0.first { $0.id == id } }
    }

    /// A page of the documents, in the order of the bytes of their ids.
    public func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] {
        let sorted = all.withLock { $0 }.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        let rest = sorted.drop { entry in id.map { !$0.utf8.lexicographicallyPrecedes(entry.id.utf8) } ?? false }
        return Array(rest.prefix(limit))
    }

    /// The documents whose member is a string.
    public func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] {
        all.withLock { $0.filter { $0.document[member]?.string == value } }
    }

    /// Adds a document, with an id of its own if it has none.
    public func create(_ document: JSON) async throws -> DirectoryChange {
        let id = document["id"]?.string ?? "document-\(all.withLock { $0.count } + 1)"
        return try await replace(id, with: document, if: .absent)
    }

    /// Replaces a document if its condition holds.
    public func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange {
        let (entry, isNew) = try all.withLock { all in
            let former = all.first { $0.id == id }
            try TestDocuments.check(condition, former, id)
            let version = (former?.version.flatMap { Int($0) } ?? 0) + 1
            let entry = DirectoryEntry(id: id, document: document, version: "\(version)")
            all.removeAll { $0.id == id }
            all.append(entry)
            return (entry, former == nil)
        }
        changed(entry, id)
        return DirectoryChange(entry, isNew: isNew)
    }

    /// Removes a document if its condition holds.
    public func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        let entry = try all.withLock { all in
            guard let former = all.first(where: { $0.id == id }) else {
                throw DocumentRefusal(.unknown, [DocumentProblem("", "there is no '\(id)'")])
            }
            try TestDocuments.check(condition, former, id)
            all.removeAll { $0.id == id }
            return former
        }
        changed(nil, id)
        return entry
    }

    private static func check(_ condition: DirectoryCondition, _ former: DirectoryEntry?, _ id: String) throws {
        switch condition {
        case .absent where former != nil:
            throw DocumentRefusal(.taken, [DocumentProblem("/id", "'\(id)' is taken")])
        case .exists where former == nil:
            throw DocumentRefusal(.unknown, [DocumentProblem("", "there is no '\(id)'")])
        case .version(let versions) where !versions.contains(former?.version ?? ""):
            throw DocumentRefusal(.changed, [DocumentProblem("", "'\(id)' has changed meanwhile")])
        default: return
        }
    }
}
