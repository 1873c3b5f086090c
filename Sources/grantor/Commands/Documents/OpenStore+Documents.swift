// SPDX-License-Identifier: Apache-2.0

import AuthorizationServer
import Cryptography
import GrantKit

extension OpenStore {
    /// The documents of one kind.
    func documents<Document: StoredDocument>(_ kind: Document.Type) -> StoredDocuments<Document> {
        let secrets = ClientSecretVerifier()
        return StoredDocuments(
            store: store, generation: generation, cryptography: SystemCryptography(), secrets: secrets,
            passwords: secrets.passwords, random: SystemEnvironment().random)
    }

    /// Changes a document and records the change.
    ///
    /// - Parameters:
    ///   - kind: The kind of the document.
    ///   - id: The document's id.
    ///   - change: The name of the change in the event.
    ///   - body: Makes the change.
    /// - Returns: The result of the change.
    /// - Throws: What the change throws; `Failure` for an unknown document or if the change could not be recorded.
    func changing<Document: ManagedDocument, Value>(
        _ kind: Document.Type, _ id: String, _ change: String,
        _ body: (StoredDocuments<Document>) async throws -> Value
    ) async throws -> Value {
        do {
            return try await recording(Document.event(change, of: id)) { try await body(documents(kind)) }
        } catch let refusal as DocumentRefusal where refusal.kind == .unknown {
            throw Failure("\(refusal.description); 'grantor \(Document.command) list' shows all ids")
        }
    }
}
