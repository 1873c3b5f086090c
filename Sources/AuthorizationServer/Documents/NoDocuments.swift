// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// The directory that plugins get before the server starts to serve.
struct NoDocuments: DocumentDirectory {
    private var error: StoreError { StoreError("documents cannot be used before the server has started") }

    func entry(_ id: String) async throws -> DirectoryEntry? { throw error }
    func page(after id: String?, limit: Int) async throws -> [DirectoryEntry] { throw error }
    func search(_ member: String, equals value: String) async throws -> [DirectoryEntry] { throw error }
    func create(_ document: JSON) async throws -> DirectoryChange { throw error }
    func replace(
        _ id: String, with document: JSON, if condition: DirectoryCondition
    ) async throws -> DirectoryChange { throw error }
    func delete(_ id: String, if condition: DirectoryCondition) async throws -> DirectoryEntry { throw error }
}
