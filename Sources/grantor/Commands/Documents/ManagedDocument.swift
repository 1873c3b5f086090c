// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// A kind of document with commands to manage it: clients or users.
protocol ManagedDocument: StoredDocument {
    /// The name of the command, such as `clients`.
    static var command: String { get }
    static var help: DocumentHelp { get }
    /// What disabling or removing a document has ended, as a clause for the command's output.
    static var ended: String { get }
    static var columns: [String] { get }

    /// The rows of a list, one for each document.
    ///
    /// - Throws: `StoreError`.
    static func rows(_ entries: [DirectoryEntry], in documents: StoredDocuments<Self>) async throws -> [[String]]

    /// Further facts about a document in the store, one line each.
    ///
    /// - Throws: `StoreError`.
    static func details(of id: String, in documents: StoredDocuments<Self>) async throws -> [String]
}
