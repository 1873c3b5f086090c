// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ServerCore {
    /// The directory of one kind of document, as plugins see it.
    ///
    /// - Parameters:
    ///   - kind: The kind.
    ///   - generation: What the configuration declares; nil before the server starts to serve.
    /// - Returns: The directory. Without a generation, its methods throw.
    func documents<Document: StoredDocument>(
        _ kind: Document.Type, _ generation: Generation?
    ) -> any DocumentDirectory {
        guard let generation else { return NoDocuments() }
        return StoredDocuments<Document>(
            store: CurrentStore(core: self), generation: generation, cryptography: cryptography, secrets: secrets,
            passwords: passwords, random: environment.random, events: RequestedChanges(core: self))
    }
}
