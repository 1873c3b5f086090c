// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import GrantKit

/// What the commands for clients and those for users say and show, each of its own kind of document.
protocol ManagedDocument: StoredDocument {
    /// The name of the command, such as `clients`.
    static var command: String { get }
    static var help: DocumentHelp { get }
    /// What has ended with a document that was disabled or removed.
    static var ended: String { get }
    static var columns: [String] { get }

    /// The rows of a list, one for each document.
    ///
    /// - Throws: `StoreError`.
    static func rows(_ entries: [DirectoryEntry], in documents: StoredDocuments<Self>) async throws -> [[String]]

    /// What is known of a document in the store besides its members, one line each.
    ///
    /// - Throws: `StoreError`.
    static func details(of id: String, in documents: StoredDocuments<Self>) async throws -> [String]

    /// The event of a change that a command makes.
    static func event(_ change: String, of id: String) -> Event
}
