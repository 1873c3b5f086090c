// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

extension OpenStore {
    /// The documents of one kind.
    ///
    /// - Parameters:
    ///   - kind: The kind of the documents.
    ///   - events: Gets the events about changes.
    /// - Returns: The documents.
    func documents<Document: StoredDocument>(
        _ kind: Document.Type, _ events: CommandEvents? = nil
    ) -> StoredDocuments<Document> {
        let secrets = ClientSecretVerifier()
        return StoredDocuments(
            store: store, generation: generation, cryptography: SystemCryptography(), secrets: secrets,
            passwords: secrets.passwords, random: SystemEnvironment().random, events: events)
    }

    /// Changes a document and records the change.
    ///
    /// - Parameters:
    ///   - kind: The kind of the document.
    ///   - change: The name of the change in the event.
    ///   - body: Makes the change.
    /// - Returns: The result of the change.
    /// - Throws: What the change throws; `Failure` for an unknown document or if the change could not be recorded.
    func changing<Document: ManagedDocument, Value>(
        _ kind: Document.Type, _ change: String,
        _ body: (StoredDocuments<Document>) async throws -> Value
    ) async throws -> Value {
        do {
            let events = CommandEvents(generation, change: change)
            return try await recording(events) { try await body(documents(kind, events)) }
        } catch let refusal as DocumentRefusal where refusal.kind == .unknown {
            throw Failure("\(refusal.description); 'grantor \(Document.command) list' shows all ids")
        }
    }
}
