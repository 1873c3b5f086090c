// SPDX-License-Identifier: Apache-2.0

@_spi(Host) import GrantKit
import Synchronization

/// A directory that accepts every document.
final class TestDocuments: DocumentDirectory {
    private let documents = Mutex<[ExactID: JSON]>([:])

    /// An identifier that is compared by its bytes.
    private struct ExactID: Hashable {
        let bytes: [UInt8]

        init(_ id: String) {
            bytes = Array(id.utf8)
        }
    }

    func entry(_ id: String) async throws -> DirectoryEntry? {
        documents.withLock { $0[ExactID(id)] }.map { DirectoryEntry(id: id, document: $0, version: "1") }
    }

    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] { [] }

    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] { [] }

    func create(_ document: JSON) async throws -> DirectoryChange {
        let id = document["id"]?.string ?? "created"
        documents.withLock { $0[ExactID(id)] = document }
        return DirectoryChange(DirectoryEntry(id: id, document: document, version: "1"), isNew: true)
    }

    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { try await create(document) }

    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry {
        guard let old = documents.withLock({ $0.removeValue(forKey: ExactID(id)) }) else {
            throw DocumentRefusal(.unknown, [])
        }
        return DirectoryEntry(id: id, document: old, version: "1")
    }
}
