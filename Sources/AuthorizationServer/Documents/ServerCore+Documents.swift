// SPDX-License-Identifier: Apache-2.0

import GrantKit

extension ServerCore {
    /// The directory of one kind of document, as a plugin gets it.
    ///
    /// - Parameters:
    ///   - kind: The kind.
    ///   - generation: What the configuration declares; nil before anything is served.
    /// - Returns: The directory; without a generation all that is asked of it throws.
    func documents<Document: StoredDocument>(
        _ kind: Document.Type, _ generation: Generation?
    ) -> any DocumentDirectory {
        guard let generation else { return NoDocuments() }
        return StoredDocuments<Document>(
            store: store, generation: generation, cryptography: cryptography, secrets: secrets, passwords: passwords,
            random: environment.random)
    }
}
