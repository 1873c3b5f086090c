// SPDX-License-Identifier: Apache-2.0

import GrantKit

/// A valid document that is about to be written.
package struct DocumentDraft<Document: StoredDocument>: Sendable {
    var document: Document
    /// The secret that the server generated, which is shown once.
    var secret: Secret?
    /// The warnings for the author of the document.
    var warnings: [DocumentProblem]

    init(_ document: Document, _ problems: [ConfigurationProblem]) {
        self.document = document
        warnings = problems.map(DocumentProblem.init)
    }
}
